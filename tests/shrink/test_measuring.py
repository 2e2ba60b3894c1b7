"""Measuring against oracles: torch's flop counter, a safetensors file, scores counted label by label."""

import doctest

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from shrink import measuring, nets
from shrink.measuring import (
    compression_ratio,
    confusion_matrix,
    count_macs,
    count_parameters,
    dense_bytes,
    median_latency,
    precision_recall_f1,
    train_in_budget,
)

settings.register_profile("shared", deadline=None)  # times mean nothing on shared cores
settings.load_profile("shared")

IMAGE = {"lenet_300_100": (1, 28, 28), "lenet_5": (1, 28, 28)}
LABELS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=40)


def test_the_examples_in_the_docstrings_are_true():
    assert doctest.testmod(measuring).failed == 0


def test_pruned_weights_leave_the_count_of_nonzero_parameters():
    model = nets.lenet_300_100()
    with torch.no_grad():
        model[1].weight[:, :392] = 0
    assert count_parameters(model) == 266_610
    assert count_parameters(model, nonzero=True) == 266_610 - 300 * 392


@pytest.mark.parametrize("name", nets.NETS)
def test_dense_bytes_are_those_of_the_tensors_in_a_safetensors_file(name):
    model = nets.NETS[name]()
    content = save(model.state_dict())
    header = 8 + int.from_bytes(content[:8], "little")
    assert dense_bytes(model) == len(content) - header


def test_parts_of_one_flat_storage_are_counted_once():
    flat = torch.zeros(100)
    model = nn.ParameterList([flat[:60], flat[40:], flat[10:20]])
    assert dense_bytes(model) == 400


def test_weights_that_lie_in_the_same_file_are_counted_without_what_lies_between():
    flat = torch.zeros(100)
    assert dense_bytes(nn.ParameterList([flat[:10], flat[50:70]])) == 4 * 30


@pytest.mark.parametrize("name", nets.NETS)
def test_macs_are_half_of_what_the_flop_counter_of_torch_counts(name):
    model = nets.NETS[name]().eval()
    shape = IMAGE.get(name, (3, 32, 32))
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, *shape))
    assert 2 * count_macs(model, shape) == counter.get_total_flops()


@settings(max_examples=25)
@given(st.data())
def test_macs_of_any_convolution_are_those_of_the_flop_counter(data):
    draw = data.draw
    groups, kernel = draw(st.integers(1, 3)), draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    conv = nn.Conv2d(
        groups * draw(st.integers(1, 2)),
        groups * draw(st.integers(1, 2)),
        kernel,
        stride=draw(st.integers(1, 3)),
        padding=draw(st.integers(0, 2)),
        dilation=draw(st.integers(1, 2)),
        groups=groups,
    )
    shape = (conv.in_channels, draw(st.integers(5, 9)), draw(st.integers(5, 9)))
    with FlopCounterMode(display=False) as counter:
        conv(torch.zeros(1, *shape))
    assert 2 * count_macs(conv, shape) == counter.get_total_flops()


def test_counting_macs_leaves_each_module_in_its_own_mode():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(18, 2)).train()
    model[1].eval()  # a frozen batch norm in a network that trains
    count_macs(model, (1, 5, 5))
    assert [module.training for module in model.modules()] == [True, True, False, True, True]


def test_a_model_that_cannot_take_the_input_keeps_no_hook():
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(5, 2)).train()
    with pytest.raises(RuntimeError):
        count_macs(model, (4,))
    assert model.training and not any(module._forward_hooks for module in model.modules())


@given(LABELS)
def test_confusion_counts_every_sample_once(pairs):
    predictions, targets = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2).unbind(dim=1)
    confusion = confusion_matrix(predictions, targets, 5)
    assert confusion.sum() == len(pairs)
    assert torch.equal(confusion.T, confusion_matrix(targets, predictions, 5))
    assert confusion.diagonal().sum() == (predictions == targets).sum()


@pytest.mark.parametrize(("name", "labels"), [("predictions", ([5], [0])), ("targets", ([0], [-1]))])
def test_a_label_out_of_range_is_refused_by_name(name, labels):
    with pytest.raises(ValueError, match=name):
        confusion_matrix(*map(torch.tensor, labels), 5)


def test_predictions_without_targets_are_refused():
    with pytest.raises(ValueError, match="pair up, got 2 and 1"):
        confusion_matrix(torch.tensor([0, 1]), torch.tensor([0]), 5)


@given(LABELS)
def test_scores_are_those_counted_label_by_label(pairs):
    predictions, targets = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2).unbind(dim=1)
    scores = precision_recall_f1(confusion_matrix(predictions, targets, 5))
    for label in range(5):
        right = sum(p == t == label for p, t in pairs)
        predicted, actual = sum(p == label for p, _ in pairs), sum(t == label for _, t in pairs)
        expected = [right / max(predicted, 1), right / max(actual, 1), 2 * right / max(predicted + actual, 1)]
        assert scores[label].tolist() == pytest.approx(expected)


@given(LABELS.filter(len))
def test_f1_lies_between_precision_and_recall(pairs):
    predictions, targets = torch.tensor(pairs, dtype=torch.int64).unbind(dim=1)
    scores = precision_recall_f1(confusion_matrix(predictions, targets, 5))
    low, high = scores[:, :2].aminmax(dim=1)
    assert ((low - 1e-6 <= scores[:, 2]) & (scores[:, 2] <= high + 1e-6)).all()


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=20), st.integers(0, 4))
def test_half_of_the_calls_are_no_slower_than_the_median(durations, warmup):
    now, calls = 0.0, iter([10**6] * warmup + durations)

    def run():
        nonlocal now
        now += next(calls)

    median = median_latency(run, warmup=warmup, repeats=len(durations), clock=lambda: now)
    assert sum(duration <= median for duration in durations) * 2 >= len(durations)
    assert sum(duration >= median for duration in durations) * 2 >= len(durations)


@pytest.mark.parametrize("options", [{"warmup": -1}, {"repeats": 0}])
def test_latency_of_no_call_is_refused(options):
    name, value = next(iter(options.items()))
    with pytest.raises(ValueError, match=f"{name} must be at least {value + 1}, got {value}"):
        median_latency(lambda: None, **options)


def test_an_array_of_half_the_precision_is_half_the_size():
    model = nets.lenet_5()
    assert compression_ratio(dense_bytes(model), dense_bytes(nets.lenet_5().half())) == 2.0


@pytest.mark.parametrize(("sizes", "name"), [((0, 5), "original_bytes"), ((5, -1), "compressed_bytes")])
def test_sizes_that_are_not_positive_are_refused(sizes, name):
    with pytest.raises(ValueError, match=name):
        compression_ratio(*sizes)


def test_too_small_a_budget_is_refused():
    with pytest.raises(ValueError, match="max_bytes must be at least 4620, got 4000"):
        train_in_budget(
            torch.zeros(2, 784), torch.zeros(2).long(), max_bytes=4000, generator=torch.Generator()
        )


def test_training_in_a_budget_learns_and_repeats_itself():
    labels = torch.arange(2000) % 10
    rows = torch.arange(28).view(1, 28, 1) - 2 * labels.view(
        -1, 1, 1
    )  # digit k: a bright band from row 2k on
    noise = torch.rand(2000, 28, 28, generator=torch.Generator().manual_seed(0))
    images = (noise * 0.5 + ((rows >= 2) & (rows < 8))).clamp(max=1).view(-1, 784)
    first, again = (
        train_in_budget(images, labels, max_bytes=16_000, generator=torch.Generator().manual_seed(1))
        for _ in range(2)
    )
    x = images
    for at, (weight, bias) in enumerate(first):
        x = (x.relu() if at else x) @ weight.T + bias
    assert (x.argmax(dim=1) == labels).float().mean() > 0.8
    assert all(
        torch.equal(a, b)
        for one, other in zip(first, again, strict=True)
        for a, b in zip(one, other, strict=True)
    )
