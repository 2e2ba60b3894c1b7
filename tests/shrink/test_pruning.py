"""Pruning against oracles: torch.nn.utils.prune, differences, a plain optimiser; and its properties."""

import copy
import doctest
import itertools
import math
import os

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import prune

from autograder.checks.test_pruning import file_bytes
from shrink import pruning
from shrink.nets import lenet_300_100
from shrink.pruning import (
    apply_masks_,
    global_magnitude_masks,
    load_sparse,
    magnitude_mask,
    mask_from_scores,
    masked_step_,
    neuron_mask,
    polynomial_sparsity,
    prune_lenet,
    save_sparse,
    sensitivity,
    taylor_scores,
    threshold_mask,
)

settings.register_profile("shared", deadline=None)  # times mean nothing on shared cores
settings.load_profile("shared")

SHAPES = st.lists(st.integers(0, 4), min_size=1, max_size=4)
SPARSITIES = st.floats(0, 1)
SEEDS = st.integers(0, 1000)


def random(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_the_examples_in_the_docstrings_are_true():
    assert doctest.testmod(pruning).failed == 0


@given(SHAPES, SPARSITIES, SEEDS)
def test_a_mask_has_the_promised_count_and_keeps_the_largest(shape, sparsity, seed):
    weight = random(shape, seed)
    mask = magnitude_mask(weight, sparsity)
    assert mask.shape == weight.shape and mask.dtype == torch.bool
    assert (~mask).sum() == round(sparsity * weight.numel())
    if 0 < mask.sum() < mask.numel():
        assert weight[mask].abs().min() >= weight[~mask].abs().max()


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), SPARSITIES, SEEDS)
def test_magnitude_masks_are_those_of_torch(shape, sparsity, seed):
    weight = random(shape, seed)
    oracle = prune.L1Unstructured(amount=float(sparsity)).compute_mask(weight, torch.ones_like(weight))
    assert torch.equal(magnitude_mask(weight, sparsity), oracle.bool())


@given(SPARSITIES, SEEDS)
def test_global_masks_are_those_of_torch(sparsity, seed):
    model = nn.Sequential(nn.Linear(5, 4), nn.Linear(4, 3))
    weights = {f"{at}.weight": random(model[at].weight.shape, seed + at) for at in range(2)}
    model.load_state_dict(weights, strict=False)
    masks = global_magnitude_masks(weights, sparsity)
    prune.global_unstructured(
        [(layer, "weight") for layer in model], prune.L1Unstructured, amount=float(sparsity)
    )
    for at in range(2):
        assert torch.equal(masks[f"{at}.weight"], model[at].weight_mask.bool())


@given(SHAPES, SEEDS)
def test_a_threshold_between_two_magnitudes_prunes_like_a_sparsity(shape, seed):
    weight = random(shape, seed)
    for sparsity in (0.25, 0.5):
        mask = magnitude_mask(weight, sparsity)
        if 0 < mask.sum() < mask.numel():
            assert torch.equal(threshold_mask(weight, weight[~mask].abs().max().item()), mask)


@given(SPARSITIES, SEEDS)
def test_scores_that_are_magnitudes_give_the_magnitude_mask(sparsity, seed):
    weight = random((3, 4), seed)
    assert torch.equal(mask_from_scores(weight.abs(), sparsity), magnitude_mask(weight, sparsity))
    assert torch.equal(mask_from_scores(weight.abs() - 10, sparsity), magnitude_mask(weight, sparsity))


@pytest.mark.parametrize("function", [magnitude_mask, mask_from_scores])
@pytest.mark.parametrize("sparsity", [-0.1, 1.1, math.nan])
def test_a_sparsity_outside_the_unit_interval_is_refused(function, sparsity):
    with pytest.raises(ValueError, match=f"sparsity must lie in .*, got {sparsity}"):
        function(torch.ones(3), sparsity)


@pytest.mark.parametrize("function", [threshold_mask, neuron_mask])
def test_a_negative_threshold_is_refused(function):
    with pytest.raises(ValueError, match="threshold must be at least 0, got -1"):
        function(torch.ones(3, 2), -1)


def test_a_neuron_is_judged_by_its_mean_magnitude_in_any_number_of_dimensions():
    for shape in ((3,), (3, 4), (3, 4, 2), (3, 4, 2, 2)):
        weight = random(shape).sign() * torch.tensor([0.1, 0.5, 0.9]).view(3, *[1] * (len(shape) - 1))
        assert neuron_mask(weight, 0.4).tolist() == [False, True, True]


def test_no_tensors_have_no_masks():
    assert global_magnitude_masks({}, 0.5) == {}


def test_masks_of_several_tensors_do_not_share_memory():
    masks = global_magnitude_masks({"a": torch.ones(3), "b": torch.ones(4)}, 0.0)
    masks["a"][:] = False
    assert masks["b"].all()


def test_taylor_scores_predict_the_change_of_the_loss_of_small_weights():
    torch.manual_seed(0)
    layer, inputs, targets = nn.Linear(6, 2), torch.randn(50, 6), torch.randn(50, 2)
    layer.weight.data *= 1e-2
    loss = nn.functional.mse_loss(layer(inputs), targets)
    (grad,) = torch.autograd.grad(loss, layer.weight)
    for row, column in ((0, 0), (0, 5), (1, 3)):
        without = copy.deepcopy(layer)
        without.weight.data[row, column] = 0
        change = (nn.functional.mse_loss(without(inputs), targets) - loss).abs().item()
        assert taylor_scores(layer.weight, grad)[row, column].item() == pytest.approx(
            change, rel=0.1, abs=1e-4
        )


@given(st.integers(0, 50), st.integers(1, 50), SPARSITIES, SPARSITIES, st.sampled_from([1, 2, 3, 4]))
def test_the_schedule_goes_from_initial_to_final_and_never_back(start, length, one, other, power):
    initial, final = min(one, other), max(one, other)
    knobs = {"start": start, "end": start + length, "initial": initial, "final": final, "power": power}
    steps = [polynomial_sparsity(step, **knobs) for step in range(start + length + 5)]
    assert steps[: start + 1] == [initial] * (start + 1)
    assert steps[start + length :] == [final] * 5
    assert all(a <= b + 1e-12 for a, b in itertools.pairwise(steps))


def test_a_schedule_that_begins_where_it_ends_jumps():
    assert [polynomial_sparsity(step, start=5, end=5, final=0.9) for step in (4, 6)] == [0.0, 0.9]


@pytest.mark.parametrize("wrong", [{"final": 1.5}, {"initial": -0.1}, {"end": -1}])
def test_an_impossible_schedule_is_refused_by_name(wrong):
    name, value = next(iter(wrong.items()))
    with pytest.raises(ValueError, match=f"{name} must .*{value}"):
        polynomial_sparsity(0, **{"start": 0, "end": 10, "final": 0.5, **wrong})


def test_pruning_twice_changes_nothing():
    model = lenet_300_100()
    masks = {name: magnitude_mask(p, 0.5) for name, p in model.named_parameters()}
    apply_masks_(model, masks)
    once = copy.deepcopy(model.state_dict())
    apply_masks_(model, masks)
    assert all(torch.equal(value, once[name]) for name, value in model.state_dict().items())


def test_an_unknown_name_changes_no_parameter():
    layer = nn.Linear(3, 2)
    before = layer.weight.clone()
    with pytest.raises(KeyError, match="biass"):
        apply_masks_(layer, {"weight": torch.zeros(2, 3).bool(), "biass": torch.zeros(2).bool()})
    assert torch.equal(layer.weight, before)


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "NAdam"])
def test_kept_weights_move_as_without_masks_and_pruned_ones_stay_zero(kind):
    torch.manual_seed(0)
    options = {"lr": 0.1, "weight_decay": 0.01} | ({"momentum": 0.9} if kind in ("SGD", "RMSprop") else {})
    masked, plain = nn.Linear(6, 4), nn.Linear(6, 4)
    plain.load_state_dict(masked.state_dict())
    optimizers = [getattr(torch.optim, kind)(model.parameters(), **options) for model in (masked, plain)]
    mask = magnitude_mask(masked.weight, 0.5)
    for _ in range(10):
        for model in (masked, plain):
            model.weight.grad, model.bias.grad = random((4, 6)), random((4,))
        masked_step_(masked, {"weight": mask}, optimizers[0])
        optimizers[1].step()
        assert masked.weight[~mask].count_nonzero() == 0
        assert torch.equal(masked.weight[mask], plain.weight[mask]) and torch.equal(masked.bias, plain.bias)


def test_sensitivity_prunes_as_torch_does_and_restores():
    torch.manual_seed(0)
    model, inputs = nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 3)), random((20, 8))
    before = copy.deepcopy(model.state_dict())
    results = sensitivity(
        model, lambda m: m(inputs).sum().item(), names=["2.weight", "0.weight"], sparsities=[0.9, 0.3]
    )
    for name, values in results.items():
        for sparsity, value in zip([0.9, 0.3], values, strict=True):
            oracle = copy.deepcopy(model)
            prune.l1_unstructured(oracle[int(name[0])], "weight", amount=sparsity)
            assert oracle(inputs).sum().item() == pytest.approx(value)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_sensitivity_restores_whatever_ends_it(error):
    model = nn.Linear(4, 4)
    before = model.weight.clone()

    def evaluate(_):
        raise error

    with pytest.raises(error):
        sensitivity(model, evaluate, names=["weight"], sparsities=[0.5])
    assert torch.equal(model.weight, before)


def test_sensitivity_refuses_unknown_names_and_sparsities():
    with pytest.raises(KeyError, match="gain"):
        sensitivity(nn.Linear(2, 2), lambda _: 0.0, names=["gain"], sparsities=[0.5])
    with pytest.raises(ValueError, match=r"got 1\.5"):
        sensitivity(nn.Linear(2, 2), lambda _: 0.0, names=["weight"], sparsities=[1.5])


@given(st.lists(st.integers(0, 5), max_size=4), SPARSITIES, SEEDS)
def test_a_sparse_file_gives_back_what_was_saved(tmp_path_factory, shape, sparsity, seed):
    path = tmp_path_factory.mktemp("sparse") / "net.safetensors"
    weight = random(shape, seed)
    mask = magnitude_mask(weight, sparsity)
    state = {"weight": weight * mask, "bias": random((3,)), "steps": torch.tensor(7)}
    save_sparse(path, state, {"weight": mask})
    back = load_sparse(path)
    assert back.keys() == state.keys()
    assert all(
        torch.equal(back[name], value) and back[name].dtype == value.dtype for name, value in state.items()
    )


def test_a_sparse_file_costs_a_bit_for_each_zero_and_the_judge_counts_the_same(tmp_path):
    state = dict(lenet_300_100().state_dict())
    masks = {name: magnitude_mask(value, 0.9) for name, value in state.items() if value.dim() == 2}
    state |= {name: state[name] * mask for name, mask in masks.items()}
    save_sparse(tmp_path / "net", state, masks)
    size = os.path.getsize(tmp_path / "net")
    kept = sum(int(mask.sum()) for mask in masks.values())
    assert 266_200 / 8 + 4 * (kept + 410) <= size <= 266_200 / 8 + 4 * (kept + 410) + 1000
    assert file_bytes(state, sparse=True) == size


def test_a_mask_that_does_not_fit_writes_nothing(tmp_path):
    with pytest.raises(ValueError, match=r"masks\['w'\] must have shape \(2, 3\), got \(3, 2\)"):
        save_sparse(tmp_path / "net", {"w": torch.ones(2, 3)}, {"w": torch.ones(3, 2).bool()})
    with pytest.raises(KeyError, match="v"):
        save_sparse(tmp_path / "net", {"w": torch.ones(2, 3)}, {"v": torch.ones(2, 3).bool()})
    assert not list(tmp_path.iterdir())


@given(st.data())
def test_a_damaged_sparse_file_is_named(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("sparse") / "net.safetensors"
    weight = random((6, 5))
    mask = magnitude_mask(weight, 0.5)
    save_sparse(path, {"weight": weight * mask}, {"weight": mask})
    content = path.read_bytes()
    cut = data.draw(st.integers(0, len(content) - 1))
    path.write_bytes(content[:cut])
    with pytest.raises(ValueError, match=r"net\.safetensors: damaged"):
        load_sparse(path)


def test_a_sparse_file_whose_bits_and_values_disagree_is_refused(tmp_path):
    weight = random((6, 5))
    mask = magnitude_mask(weight, 0.5)
    save_sparse(tmp_path / "net", {"weight": weight * mask}, {"weight": mask})
    content = (tmp_path / "net").read_bytes()
    (tmp_path / "net").write_bytes(content[:-4] + b"\xff" * 4)  # the bits come last: now all 30 are kept
    with pytest.raises(ValueError, match="damaged"):
        load_sparse(tmp_path / "net")


def test_a_missing_sparse_file_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_sparse(tmp_path / "net")


def test_prune_lenet_keeps_its_promise_in_form():
    model = lenet_300_100()
    before = copy.deepcopy(model.state_dict())
    state = prune_lenet(model, random((300, 784)), torch.arange(300) % 10)
    kept = sum(int(value.count_nonzero()) for value in state.values() if value.dim() == 2)
    assert 266_200 / kept >= 12
    assert {name: value.shape for name, value in state.items()} == {n: v.shape for n, v in before.items()}
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
