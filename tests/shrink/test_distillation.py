"""Distillation against oracles: F.kl_div, differences, closed-form gradients, limits; and its properties."""

import copy
import doctest
import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from shrink import distillation
from shrink.distillation import (
    attention_loss,
    attention_map,
    distil_in_budget,
    distill_,
    distillation_loss,
    ensemble_targets,
    hint_loss,
    soft_targets,
    temperature_at,
)
from shrink.nets import lenet_5

settings.register_profile("shared", deadline=None)  # times mean nothing on shared cores
settings.load_profile("shared")

SEEDS = st.integers(0, 1000)
TEMPERATURES = st.floats(0.25, 20)
SHARES = st.floats(0, 1)


def random(shape, seed=0, scale=1.0):
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def some(seed, count=5, classes=7, scale=3.0):
    """Logits of student and teacher, and labels."""
    labels = torch.randint(classes, (count,), generator=torch.Generator().manual_seed(seed))
    shape = (count, classes)
    return random(shape, seed, scale), random(shape, seed + 1, scale), labels


def small_nets():
    torch.manual_seed(0)
    student = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    teacher = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.ReLU(), nn.Linear(8, 3))
    teacher(random((20, 4)))  # running statistics that are not those of a new net
    return student, teacher


def small_batches(count=4, size=6):
    return [(random((size, 4), at), torch.arange(size) % 3) for at in range(count)]


def test_the_examples_in_the_docstrings_are_true():
    assert doctest.testmod(distillation).failed == 0


# ---- targets and the loss ----------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), TEMPERATURES, SEEDS)
def test_targets_are_probabilities_in_the_order_of_the_logits(shape, temperature, seed):
    logits = random(shape, seed, 3)
    targets = soft_targets(logits, temperature)
    assert targets.shape == logits.shape and bool((targets >= 0).all())
    assert torch.allclose(targets.sum(dim=-1), torch.ones(shape[:-1]))
    assert torch.equal(targets.argmax(dim=-1), logits.argmax(dim=-1))


@given(TEMPERATURES, SEEDS)
def test_targets_do_not_care_about_a_constant_added_to_the_logits(temperature, seed):
    logits = random((3, 5), seed)
    assert torch.allclose(soft_targets(logits + 7, temperature), soft_targets(logits, temperature), atol=1e-6)


@given(st.floats(0.3, 5), st.floats(1.1, 4), SEEDS)
def test_a_higher_temperature_means_more_entropy(temperature, factor, seed):
    logits = random((1, 6), seed, 2).double()
    entropies = [
        torch.special.entr(soft_targets(logits, t)).sum() for t in (temperature, temperature * factor)
    ]
    assert entropies[0] < entropies[1] <= math.log(6) + 1e-9


@given(TEMPERATURES, SHARES, SEEDS)
def test_the_loss_is_that_of_kl_div(temperature, alpha, seed):
    student, teacher, labels = some(seed)
    soft = F.kl_div(
        F.log_softmax(student / temperature, dim=1),
        F.softmax(teacher / temperature, dim=1),
        reduction="batchmean",
    )
    oracle = alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student, labels)
    loss = distillation_loss(student, teacher, labels, temperature=temperature, alpha=alpha)
    assert torch.allclose(loss, oracle, rtol=1e-4, atol=1e-6 * (1 + temperature**2))


@given(TEMPERATURES, SEEDS)
def test_the_teachers_term_is_zero_only_where_student_and_teacher_agree(temperature, seed):
    student, teacher, labels = (
        value.double() if value.is_floating_point() else value for value in some(seed)
    )
    knobs = {"temperature": temperature, "alpha": 1.0}
    assert distillation_loss(teacher + 3, teacher, labels, **knobs).abs() < 1e-9
    assert distillation_loss(student, teacher, labels, **knobs) > 1e-6


@given(TEMPERATURES, SHARES, SEEDS)
def test_the_gradient_is_the_one_of_the_formula(temperature, alpha, seed):
    student, teacher, labels = some(seed)
    student, teacher = student.double().requires_grad_(), teacher.double().requires_grad_()
    loss = distillation_loss(student, teacher, labels, temperature=temperature, alpha=alpha)
    loss.backward()
    with torch.no_grad():
        soft = temperature * (soft_targets(student, temperature) - soft_targets(teacher, temperature))
        hard = soft_targets(student, 1.0) - F.one_hot(labels, student.shape[1])
        assert torch.allclose(student.grad, (alpha * soft + (1 - alpha) * hard) / len(labels))
    assert teacher.grad is None


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_the_gradient_is_that_of_finite_differences(temperature):
    student, teacher, labels = some(3, count=3, classes=4, scale=1.0)

    def loss(logits):
        return distillation_loss(logits, teacher.double(), labels, temperature=temperature, alpha=0.7)

    assert torch.autograd.gradcheck(loss, student.double().requires_grad_())


def test_without_the_square_the_gradient_would_fade_as_one_over_t_squared():
    student, teacher, labels = (value.double() if value.is_floating_point() else value for value in some(5))
    student.requires_grad_()
    sizes = []
    for temperature in (100.0, 200.0, 400.0):
        loss = distillation_loss(student, teacher, labels, temperature=temperature, alpha=1.0)
        (gradient,) = torch.autograd.grad(loss / temperature**2, student)
        sizes.append(gradient.norm().item())
    assert sizes[0] / sizes[1] == pytest.approx(4, rel=0.05)
    assert sizes[1] / sizes[2] == pytest.approx(4, rel=0.05)


@given(SEEDS)
def test_at_high_temperatures_distillation_matches_logits(seed):
    """Hinton et al. 2015, section 2.1: T^2 KL -> mean over classes of (z - v)^2 / 2, logits centred."""
    student, teacher, labels = (
        value.double() if value.is_floating_point() else value for value in some(seed)
    )
    student, teacher = (
        student - student.mean(dim=1, keepdim=True),
        teacher - teacher.mean(dim=1, keepdim=True),
    )
    loss = distillation_loss(student, teacher, labels, temperature=1e4, alpha=1.0)
    assert loss.item() == pytest.approx(F.mse_loss(student, teacher).item() / 2, rel=2e-3)


def test_a_teacher_that_is_certain_gives_a_finite_loss_and_gradient():
    student = torch.zeros(2, 3, requires_grad=True)
    teacher = torch.tensor([[300.0, 0.0, -300.0], [-1e4, 1e4, 0.0]])
    loss = distillation_loss(student, teacher, torch.tensor([0, 1]), temperature=1.0)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(3)) and bool(student.grad.isfinite().all())


@pytest.mark.parametrize("temperature", [0.0, -2.0, math.nan])
def test_a_temperature_that_is_not_above_zero_is_refused(temperature):
    student, teacher, labels = some(0)
    for call in (
        lambda: soft_targets(student, temperature),
        lambda: distillation_loss(student, teacher, labels, temperature=temperature),
        lambda: ensemble_targets([teacher], temperature),
    ):
        with pytest.raises(ValueError, match=f"temperature must be above 0, got {temperature}"):
            call()


@pytest.mark.parametrize("alpha", [-0.1, 1.5, math.nan])
def test_an_alpha_outside_the_unit_interval_is_refused(alpha):
    with pytest.raises(ValueError, match=f"alpha must lie in .*, got {alpha}"):
        distillation_loss(*some(0), alpha=alpha)


# ---- ensembles and schedules -------------------------------------------------------------------------------


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=4), TEMPERATURES, SEEDS)
def test_the_targets_of_an_ensemble_are_the_weighted_mean_and_only_ratios_of_weights_count(
    weights, temperature, seed
):
    logits = [random((3, 5), seed + at) for at in range(len(weights))]
    targets = ensemble_targets(logits, temperature, weights)
    oracle = sum(w * soft_targets(z, temperature) for w, z in zip(weights, logits, strict=True)) / sum(
        weights
    )
    assert torch.allclose(targets, oracle, atol=1e-6)
    larger = ensemble_targets(logits, temperature, [1000 * weight for weight in weights])
    assert torch.allclose(larger, targets, atol=1e-6)


@given(TEMPERATURES, SEEDS)
def test_one_teacher_or_the_same_one_twice_is_no_ensemble(temperature, seed):
    logits = random((3, 5), seed)
    alone = soft_targets(logits, temperature)
    assert torch.allclose(ensemble_targets([logits], temperature), alone)
    assert torch.allclose(ensemble_targets([logits, logits], temperature, torch.tensor([1.0, 3.0])), alone)


def test_an_ensemble_is_not_the_softmax_of_mean_logits():
    logits = [torch.tensor([[8.0, 0.0]]), torch.tensor([[0.0, 0.0]])]
    assert (ensemble_targets(logits, 1.0) - soft_targets(sum(logits) / 2, 1.0)).abs().max() > 0.2


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0], [0.0, 0.0], [1.0, 2.0, 3.0], [1.0, math.nan]])
def test_weights_that_give_no_mean_are_refused(weights):
    with pytest.raises(ValueError, match="weights must be 2 numbers"):
        ensemble_targets([torch.zeros(2, 3)] * 2, 2.0, weights)


def test_an_ensemble_without_teachers_is_refused():
    with pytest.raises(ValueError, match="teacher_logits must hold at least one"):
        ensemble_targets([], 2.0)


@given(st.integers(1, 60), TEMPERATURES, TEMPERATURES)
def test_the_schedule_goes_from_start_to_end_and_never_back(total, start, end):
    values = [temperature_at(step, total=total, start=start, end=end) for step in range(total + 5)]
    assert values[0] == pytest.approx(start) and values[total:] == [end] * 5
    steps = [later - sooner for sooner, later in itertools.pairwise(values)]
    assert all(step * (end - start) >= -1e-9 for step in steps)


def test_the_schedule_is_that_of_cosine_annealing():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=8.0)
    oracle = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 30, eta_min=1.0)
    for step in range(31):
        assert temperature_at(step, total=30, start=8.0, end=1.0) == pytest.approx(oracle.get_last_lr()[0])
        optimizer.step()
        oracle.step()


@pytest.mark.parametrize("wrong", [{"start": 0.0}, {"end": -1.0}])
def test_an_impossible_schedule_is_refused_by_name(wrong):
    name, value = next(iter(wrong.items()))
    with pytest.raises(ValueError, match=f"{name} must be above 0, got {value}"):
        temperature_at(0, **{"total": 10, "start": 4.0, "end": 1.0, **wrong})


# ---- features ----------------------------------------------------------------------------------------------


@given(st.tuples(*[st.integers(1, 5)] * 4), st.floats(1e-6, 1e6), SEEDS)
def test_an_attention_map_has_length_one_and_knows_neither_scale_nor_sign_nor_order(shape, scale, seed):
    features = random(shape, seed)
    rows = attention_map(features)
    assert rows.shape == (shape[0], shape[2] * shape[3]) and bool((rows >= 0).all())
    assert torch.allclose(rows.norm(dim=1), torch.ones(shape[0]))
    assert torch.allclose(attention_map(-scale * features.flip(1)), rows, rtol=1e-4, atol=1e-5)


def test_an_attention_map_is_what_its_authors_compute():
    features = random((3, 4, 5, 6))
    oracle = F.normalize(features.pow(2).mean(1).view(features.size(0), -1))
    assert torch.allclose(attention_map(features), oracle)


def test_features_that_are_all_zero_have_an_empty_map_and_a_finite_gradient():
    features = torch.zeros(2, 3, 2, 2, requires_grad=True)
    attention_loss(features, random((2, 5, 2, 2))).backward()
    assert attention_map(features).count_nonzero() == 0 and bool(features.grad.isfinite().all())


@given(SEEDS)
def test_the_attention_loss_is_two_less_twice_the_cosine(seed):
    student, teacher = random((3, 4, 2, 5), seed), random((3, 6, 2, 5), seed + 1)
    cosine = F.cosine_similarity(attention_map(student), attention_map(teacher))
    loss = attention_loss(student, teacher)
    assert torch.allclose(loss, (2 - 2 * cosine).mean(), atol=1e-5) and 0 <= loss <= 2


def test_the_gradients_of_the_feature_losses_are_those_of_finite_differences():
    student, teacher = random((2, 3, 2, 2)).double().requires_grad_(), random((2, 4, 2, 2), 1).double()
    assert torch.autograd.gradcheck(lambda features: attention_loss(features, teacher), student)
    regressor = nn.Conv2d(3, 4, 1).double()
    assert torch.autograd.gradcheck(lambda features: hint_loss(features, teacher, regressor), student)


def test_no_gradient_reaches_the_teachers_features():
    student, teacher = random((2, 3, 2, 2)).requires_grad_(), random((2, 3, 2, 2), 1).requires_grad_()
    (attention_loss(student, teacher) + hint_loss(student, teacher, nn.Conv2d(3, 3, 1))).backward()
    assert student.grad.count_nonzero() and teacher.grad is None


@pytest.mark.parametrize("shape", [(2, 3, 1, 1), (2, 3, 2, 8), (2, 3, 3, 3)])
def test_other_spatial_sizes_are_refused_even_where_torch_would_broadcast(shape):
    with pytest.raises(ValueError, match=r"student_features must have .* \(4, 4\), got"):
        attention_loss(torch.ones(shape), torch.ones(2, 5, 4, 4))


def test_a_hint_is_least_where_the_regressor_solves_the_least_squares_problem():
    student, teacher = random((40, 3)), random((40, 2), 1)
    solved = torch.linalg.lstsq(student, teacher).solution  # (3, 2)
    best = hint_loss(student, teacher, lambda features: features @ solved)
    for seed in range(5):
        other = solved + random((3, 2), seed, 0.1)
        assert best < hint_loss(student, teacher, lambda features, other=other: features @ other)


def test_a_regressor_of_the_wrong_width_is_refused():
    with pytest.raises(ValueError, match=r"regressor must give .* \(4, 2\), got \(4, 1\)"):
        hint_loss(torch.ones(4, 3), torch.ones(4, 2), nn.Linear(3, 1))


# ---- whole passes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["SGD", "Adam", "RMSprop"])
def test_a_pass_is_the_loop_written_out(kind):
    student, teacher = small_nets()
    twin, frozen = copy.deepcopy(student), copy.deepcopy(teacher).eval()
    optimizers = [getattr(torch.optim, kind)(net.parameters(), lr=0.01) for net in (student, twin)]
    losses = distill_(student, teacher, small_batches(), optimizer=optimizers[0], temperature=2, alpha=0.6)
    for (inputs, labels), loss in zip(small_batches(), losses, strict=True):
        logits = twin(inputs)
        soft = F.kl_div(
            F.log_softmax(logits / 2, dim=1), F.softmax(frozen(inputs) / 2, dim=1), reduction="batchmean"
        )
        oracle = 0.6 * 4 * soft + 0.4 * F.cross_entropy(logits, labels)
        optimizers[1].zero_grad()
        oracle.backward()
        optimizers[1].step()
        assert loss == pytest.approx(oracle.item(), rel=1e-4)
    for mine, other in zip(student.parameters(), twin.parameters(), strict=True):
        assert torch.allclose(mine, other, rtol=1e-3, atol=1e-5)


def test_many_passes_bring_the_student_to_the_teacher():
    student, teacher = small_nets()
    optimizer = torch.optim.Adam(student.parameters(), lr=0.02)
    passes = [
        sum(distill_(student, teacher, small_batches(), optimizer=optimizer, alpha=1.0)) for _ in range(80)
    ]
    assert passes[-1] < passes[0] / 10


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_the_teacher_is_left_as_it_was_also_behind_an_error(training, fails):
    student, teacher = small_nets()
    teacher.train(training)
    teacher[1].eval()  # a part that has been frozen stays frozen
    state = copy.deepcopy(teacher.state_dict())
    modes = [module.training for module in teacher.modules()]

    def batches():
        yield from small_batches(2)
        if fails:
            raise RuntimeError("no more images")

    optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
    if fails:
        with pytest.raises(RuntimeError, match="no more images"):
            distill_(student, teacher, batches(), optimizer=optimizer)
    else:
        assert len(distill_(student, teacher, batches(), optimizer=optimizer)) == 2
    assert [module.training for module in teacher.modules()] == modes
    assert all(torch.equal(value, state[name]) for name, value in teacher.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in teacher.parameters())


def test_no_batch_no_loss():
    student, teacher = small_nets()
    assert distill_(student, teacher, [], optimizer=torch.optim.SGD(student.parameters(), lr=0.1)) == []


def test_distil_in_budget_keeps_its_promise_in_form_and_repeats_itself():
    torch.manual_seed(0)
    student, teacher = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), lenet_5().eval()
    before = copy.deepcopy(student.state_dict()), copy.deepcopy(teacher.state_dict())
    images, labels = random((30, 1, 28, 28)), torch.arange(5)
    states = [
        distil_in_budget(student, teacher, images, labels, generator=torch.Generator().manual_seed(3))
        for _ in range(2)
    ]
    assert {name: value.shape for name, value in states[0].items()} == {
        n: v.shape for n, v in before[0].items()
    }
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
    for net, state in zip((student, teacher), before, strict=True):
        assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())
    assert not torch.equal(states[0]["1.weight"], before[0]["1.weight"]) and not teacher.training
