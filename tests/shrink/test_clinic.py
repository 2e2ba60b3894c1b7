"""The repaired functions of the clinic against oracles, and the doctests."""

import copy
import doctest
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Categorical, kl_divergence
from torch.nn.utils import prune

from autograder.checks.test_clinic import assert_tells_apart, candidates_of
from autograder.feedback import LocalJudge
from autograder.task import NotAttempted
from shrink import clinic
from shrink.distillation import distillation_loss
from shrink.pruning import magnitude_mask, save_sparse
from tools.compose import read_cells
from tools.rooms import SECTIONS, find


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert doctest.testmod(clinic).failed == 0


# ---- pruning -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sparsity", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(7,), (4, 5), (2, 3, 4)])
def test_pruning_the_smallest_is_what_torch_calls_l1_unstructured(
    shape: tuple[int, ...], sparsity: float
) -> None:
    weight = random(*shape)
    mask = prune.L1Unstructured(amount=sparsity).compute_mask(weight, torch.ones_like(weight))
    assert torch.equal(clinic.prune_smallest(weight, sparsity), weight * mask)


def test_training_a_pruned_layer_is_what_torchs_own_mask_gives() -> None:
    weight, mask = random(4, 6), random(4, 6, seed=1) > 0
    batches = [(random(8, 6, seed=at), torch.arange(8) % 4) for at in range(2, 6)]
    ours, theirs = nn.Linear(6, 4), nn.Linear(6, 4)
    for layer in (ours, theirs):
        layer.weight.data, layer.bias.data = weight.clone(), torch.zeros(4)
    before = ours.weight, ours.bias
    clinic.train_pruned_(ours, mask, batches, lr=0.2)
    prune.custom_from_mask(theirs, "weight", mask)
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.2, momentum=0.9)
    for inputs, labels in batches:
        optimizer.zero_grad()
        F.cross_entropy(theirs(inputs), labels).backward()
        optimizer.step()
    assert torch.allclose(ours.weight, theirs.weight_orig * mask, atol=1e-6)
    assert torch.allclose(ours.bias, theirs.bias, atol=1e-6)
    assert (ours.weight, ours.bias) == before and bool((ours.weight[~mask] == 0).all())


@pytest.mark.parametrize("bias", [True, False])
def test_a_pruned_layer_has_the_weight_that_hardshrink_gives_and_memory_of_its_own(bias: bool) -> None:
    layer = nn.Linear(5, 3, bias=bias)
    weight = layer.weight.detach().clone()
    pruned = clinic.pruned_layer(layer, 0.2)
    assert torch.equal(pruned.weight, F.hardshrink(weight, 0.2))
    assert torch.allclose(
        pruned(torch.ones(2, 5)), F.linear(torch.ones(2, 5), F.hardshrink(weight, 0.2), layer.bias)
    )
    with torch.no_grad():
        for parameter in pruned.parameters():
            parameter.fill_(7.0)
    assert torch.equal(layer.weight, weight) and not (bias and bool((layer.bias == 7).any()))


# ---- quantization ------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*quantized tensor creation:UserWarning")
@pytest.mark.parametrize("bits", range(2, 9))
def test_signed_codes_are_those_of_torch(bits: int) -> None:
    weight = random(9, 7, seed=bits)
    codes, scale = clinic.quantize_signed(weight, bits=bits)
    oracle = torch.quantize_per_tensor(weight, scale, 0, torch.qint8).int_repr()
    assert torch.equal(codes, oracle) and codes.abs().max() == 2 ** (bits - 1) - 1
    assert (scale * codes.float() - weight).abs().max() <= scale / 2 * (1 + 1e-5)


def test_a_weight_of_zeros_has_scale_one() -> None:
    codes, scale = clinic.quantize_signed(torch.zeros(2, 2))
    assert scale == 1.0 and codes.tolist() == [[0, 0], [0, 0]]


@pytest.mark.filterwarnings("ignore:.*quantized tensor creation:UserWarning")
@pytest.mark.parametrize(("scale", "zero_point"), [(0.02, 128), (0.5, 0), (0.01, 255)])
def test_codes_and_the_way_back_are_those_of_torch(scale: float, zero_point: int) -> None:
    weight = random(50, 8)
    codes, restored = clinic.codes_and_back(weight, scale, zero_point)
    oracle = torch.quantize_per_tensor(weight, scale, zero_point, torch.quint8)
    assert torch.equal(codes, oracle.int_repr())
    assert torch.allclose(restored, oracle.dequantize())


def test_a_stretched_weight_comes_back_within_half_a_step() -> None:
    weight = 3 * random(20, 10) - 1
    codes, low, high = clinic.stretch_to_int8(weight)
    assert (codes.min(), codes.max(), low, high) == (-128, 127, weight.min().item(), weight.max().item())
    restored = low + (codes.float() + 128) / 255 * (high - low)
    assert (restored - weight).abs().max() <= (high - low) / 510 * (1 + 1e-4)


def test_equal_weights_are_stretched_to_the_smallest_code() -> None:
    assert clinic.stretch_to_int8(torch.full((3,), 0.5))[0].tolist() == [-128] * 3


# ---- distillation ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_the_divergences_are_those_of_torch_distributions(temperature: float) -> None:
    student, teacher = 2 * random(6, 5), 2 * random(6, 5, seed=1)
    p, q = (Categorical(logits=logits / temperature) for logits in (teacher, student))
    oracle = temperature**2 * kl_divergence(p, q).mean()
    assert torch.allclose(clinic.tempered_loss(student, teacher, temperature), oracle, atol=1e-6)
    if temperature == 1:
        assert torch.allclose(clinic.soft_loss(student, teacher), oracle, atol=1e-6)


def test_at_high_temperature_the_gradient_is_that_of_the_centred_logits() -> None:
    """Hinton et al. 2015, section 2.1: it tends to (student - teacher) / classes, whatever T is."""
    student, teacher = random(4, 5), random(4, 5, seed=1)
    student, teacher = (logits - logits.mean(dim=1, keepdim=True) for logits in (student, teacher))
    student.requires_grad_()
    clinic.tempered_loss(student, teacher, 1000.0).backward()
    assert student.grad is not None
    assert torch.allclose(student.grad, (student.detach() - teacher) / 5 / 4, atol=1e-3)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_the_mixture_is_that_of_its_terms_and_leaves_the_teacher_alone(alpha: float) -> None:
    student, teacher, labels = random(6, 5), random(6, 5, seed=1), torch.arange(6) % 5
    student.requires_grad_()
    teacher.requires_grad_()
    loss = clinic.mixed_loss(student, teacher, labels, alpha=alpha)
    soft = kl_divergence(Categorical(logits=teacher), Categorical(logits=student)).mean()
    assert torch.allclose(loss, alpha * soft + (1 - alpha) * F.cross_entropy(student, labels), atol=1e-6)
    loss.backward()
    assert teacher.grad is None and student.grad is not None and bool((student.grad != 0).any())


# ---- whole networks ----------------------------------------------------------------------------------------


def test_steps_towards_a_larger_teacher_bring_the_student_to_its_answers() -> None:
    torch.manual_seed(0)
    student, teacher = nn.Linear(4, 3), nn.Sequential(nn.Linear(4, 9), nn.Linear(9, 3)).eval()
    optimizer = torch.optim.Adam(student.parameters(), lr=0.05)
    inputs = random(64, 4)
    losses = [clinic.teach_step_(student, teacher, inputs, optimizer) for _ in range(400)]
    assert losses[-1] < 1e-3 * losses[0]
    assert torch.equal(student(inputs).argmax(dim=1), teacher(inputs).argmax(dim=1))
    assert all(parameter.grad is None for parameter in teacher.parameters())


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_the_step_is_that_of_the_distillation_loss_without_labels(temperature: float) -> None:
    student, teacher, inputs = nn.Linear(4, 3), nn.Linear(4, 3), random(8, 4)
    other = copy.deepcopy(student)
    loss = distillation_loss(
        other(inputs), teacher(inputs), torch.zeros(8).long(), temperature=temperature, alpha=1
    )
    loss.backward()
    torch.optim.SGD(other.parameters(), lr=0.3).step()
    optimizer = torch.optim.SGD(student.parameters(), lr=0.3)
    value = clinic.teach_step_(student, teacher, inputs, optimizer, temperature=temperature)
    assert value == pytest.approx(loss.item(), rel=1e-5)
    assert torch.allclose(student.weight, other.weight, atol=1e-6)


@pytest.mark.parametrize("sparsity", [0.0, 0.37, 1.0])
def test_a_sparse_copy_is_what_torch_prunes_layer_by_layer(sparsity: float) -> None:
    model = nn.Sequential(nn.Conv2d(2, 5, 3), nn.BatchNorm2d(5), nn.Flatten(), nn.Linear(5, 7))
    sparse, theirs = clinic.sparse_copy(model, sparsity), copy.deepcopy(model)
    for place in (0, 3):
        prune.l1_unstructured(theirs[place], "weight", amount=sparsity)
        prune.remove(theirs[place], "weight")
    state = theirs.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in sparse.state_dict().items())


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_rounded_weights_are_those_of_torchs_fake_quantization(bits: int) -> None:
    layer = nn.Linear(30, 20)
    weight = layer.weight.detach().clone()
    low, high = weight.min().item(), weight.max().item()
    scale = (high - low) / (2**bits - 1)
    clinic.round_weights_(layer, bits=bits)
    fake = torch.fake_quantize_per_tensor_affine(weight, scale, round(-low / scale), 0, 2**bits - 1)
    assert torch.allclose(layer.weight, fake, atol=1e-6)


def test_rounding_twice_changes_nothing() -> None:
    layer = nn.Linear(30, 20)
    clinic.round_weights_(layer, bits=4)
    once = layer.weight.detach().clone()
    clinic.round_weights_(layer, bits=4)
    assert torch.allclose(layer.weight, once, atol=1e-6)


def test_fused_models_are_those_of_torchs_averaged_model() -> None:
    models = [nn.Sequential(nn.Conv2d(1, 3, 2), nn.BatchNorm2d(3)) for _ in range(3)]
    for model in models:
        model(random(4, 1, 5, 5, seed=len(models)))
    average = torch.optim.swa_utils.AveragedModel(models[0], use_buffers=True)
    for model in models:
        average.update_parameters(model)
    state = average.module.state_dict()
    for name, value in clinic.fuse_models(models).state_dict().items():
        assert torch.allclose(value.float(), state[name].float(), atol=1e-6), name


@pytest.mark.parametrize("other", [nn.Linear(3, 2), nn.Linear(2, 2, bias=False), nn.BatchNorm1d(2)])
def test_models_that_do_not_correspond_are_not_fused(other: nn.Module) -> None:
    with pytest.raises(ValueError, match="models must have the same architecture"):
        clinic.fuse_models([nn.Linear(2, 2), other])


# ---- search ------------------------------------------------------------------------------------------------


def test_evolution_finds_the_candidate_with_all_genes_set() -> None:
    generator = torch.Generator().manual_seed(0)
    population = torch.rand(40, 24, generator=generator) < 0.5
    best = []
    for _ in range(40):
        scores = population.float().sum(dim=1)
        best.append(int(scores.max()))
        population = clinic.next_generation(population, scores, mutation_rate=0.01, generator=generator)
    assert best == sorted(best), "the best one survives, so that it never gets worse"
    assert best[-1] == 24


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (2, 27, 34)])
@pytest.mark.parametrize(("kernel_size", "padding"), [(3, 0), (5, 2), (4, 1), (1, 0)])
def test_a_batch_goes_through_the_small_network(
    shape: tuple[int, int, int], kernel_size: int, padding: int
) -> None:
    net = clinic.small_cnn(shape, [4, 6, 2], kernel_size=kernel_size, padding=padding, classes=5)
    assert net(random(2, *shape)).shape == (2, 5)


def test_the_smallest_image_that_is_not_too_small() -> None:
    assert clinic.small_cnn((1, 10, 10), [2, 2])(random(1, 1, 10, 10)).shape == (1, 10)
    for shape in ((1, 9, 10), (1, 10, 9), (1, 2, 2)):
        with pytest.raises(ValueError, match=r"image_shape \(1, \d+, \d+\) is too small for 2 stages"):
            clinic.small_cnn(shape, [2, 2])


def test_a_search_with_trials_for_all_finds_the_best_of_all() -> None:
    space = {"depth": [1, 2, 3], "width": [8, 16], "kernel": [3, 5]}
    asked: list[dict[str, int]] = []

    def evaluate(candidate: dict[str, int]) -> float:
        asked.append(candidate)
        return -abs(candidate["depth"] - 2) - abs(candidate["width"] - 9) + candidate["kernel"]

    best, score = clinic.search_architecture(space, evaluate, trials=100, generator=torch.Generator())
    assert (best, score) == ({"depth": 2, "width": 8, "kernel": 5}, 4)
    assert len({tuple(each.values()) for each in asked}) == len(asked) == 12


# ---- sizes -------------------------------------------------------------------------------------------------


def test_the_ratio_is_that_of_bytes_that_can_be_decoded() -> None:
    dense = stored = 0
    weights = {}
    for at, sparsity in enumerate((0.0, 0.5, 0.9, 0.99, 1.0)):
        weight = random(37, 29, seed=at)
        weight = weights[f"layer{at}"] = weight * magnitude_mask(weight, sparsity)
        flat = weight.flatten().numpy()
        mask, kept = flat != 0, flat[flat != 0]
        layouts = [flat.tobytes(), np.packbits(mask).tobytes() + kept.tobytes()]
        layouts.append(np.flatnonzero(mask).astype(np.uint32).tobytes() + kept.tobytes())
        dense += flat.nbytes
        stored += 4 + min(map(len, layouts))
    assert clinic.stored_ratio(weights) == pytest.approx(dense / stored, rel=1e-12)


def test_the_reported_ratio_is_near_that_of_a_real_file(tmp_path: Path) -> None:
    weight = random(300, 200)
    mask = magnitude_mask(weight, 0.9)
    save_sparse(tmp_path / "weight", {"weight": weight * mask}, {"weight": mask})
    real = 4 * weight.numel() / (tmp_path / "weight").stat().st_size
    assert clinic.stored_ratio({"weight": weight * mask}) == pytest.approx(real, rel=0.02)


# ---- tests that would have caught it -----------------------------------------------------------------------

TESTED = [name.removeprefix("test_for_") for name in vars(clinic) if name.startswith("test_for_")]
LAZY = "def test_for_stored_ratio(candidate):\n    pass\n"
STRICT = "def test_for_stored_ratio(candidate):\n    raise AssertionError('no')\n"


def test_at_least_six_faults_have_a_test() -> None:
    assert len(TESTED) >= 6 and all(hasattr(clinic, name) for name in TESTED)


@pytest.mark.parametrize("task", TESTED)
def test_our_test_accepts_every_right_candidate_and_refuses_every_wrong_one(task: str) -> None:
    right, wrong = candidates_of(task)
    assert len(right) >= 3 and len(wrong) >= 8
    for texts, refused in ((right, False), (wrong, True)):
        ends = {sentence: refuses(task, text) for sentence, text in texts.items()}
        assert [sentence for sentence, end in ends.items() if end is not refused] == []


def refuses(task: str, text: str) -> bool:
    """Whether our test of the task raises for the candidate of this text."""
    space: dict[str, Any] = {"__name__": "candidate"}
    exec(text, space)
    torch.manual_seed(0)
    try:
        getattr(clinic, f"test_for_{task}")(space[task])
    except Exception:
        return True
    return False


def judged(text: str, task: str = "stored_ratio") -> tuple[float, str]:
    """Share and remark of a learner's test."""
    space: dict[str, Any] = {}
    exec(text, space)
    judge = LocalJudge(f"test_for_{task}", {f"test_for_{task}": space[f"test_for_{task}"]})
    return assert_tells_apart(judge, task), judge.remark


def test_a_test_that_accepts_or_refuses_everything_is_worth_nothing() -> None:
    right, wrong = candidates_of("stored_ratio")
    share, remark = judged(LAZY)
    assert share == 0 and f"{len(wrong)} of {len(wrong)} wrong candidates accepted: " in remark
    assert any(sentence in remark for sentence in wrong)
    share, remark = judged(STRICT)
    assert share == 0 and f"{len(right)} of {len(right)} right candidates refused: " in remark
    assert "The repaired function (AssertionError: no)" in remark


def test_what_a_test_catches_counts_in_part() -> None:
    half = LAZY.replace("pass", "assert candidate({'w': __import__('torch').ones(8)}) == 32 / 36")
    assert 0 < judged(half)[0] < 1


def test_a_candidate_cannot_be_read() -> None:
    curious = LAZY.replace("pass", "import inspect; inspect.getsource(candidate)")
    share, remark = judged(curious)
    assert share == 0 and "OSError" in remark
    told = LAZY.replace("pass", "assert candidate.__doc__ is None and candidate.__name__ == 'stored_ratio'")
    assert "right candidates refused" not in judged(told)[1]


def test_a_stub_is_no_test() -> None:
    with pytest.raises(NotAttempted):
        judged(LAZY.replace("pass", "raise NotImplementedError"))


# ---- the notebook ------------------------------------------------------------------------------------------


def test_each_fault_of_the_syllabus_has_a_listing_above_its_task() -> None:
    cells = read_cells(find("clinic").exercise_source)
    marks = [
        (name, str(cell.metadata[name]))
        for cell in cells
        for name in ("fault", "task")
        if name in cell.metadata
    ]
    repairs = [mark for mark in marks if not mark[1].startswith("test_for_")]
    assert [kind for kind, _ in repairs] == ["fault", "task"] * SECTIONS["F"]
    for (_, fault), (_, task) in zip(repairs[::2], repairs[1::2], strict=True):
        assert fault.startswith(f"{task}__"), f"{fault} is shown above {task}"
