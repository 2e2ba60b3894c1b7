"""The judgement of the measuring room: every task with the ways to be wrong that its checks look for.

What the contract leaves open is not judged: labels out of range, zero repeats, buffers outside the state
dict, storage of which the model sees only a part, classes that inherit from Conv2d or Linear. A worker's
answer is unpacked by `ask` and `tensor` alone: a forged one is a bad return.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs
# Scenarios travel as source text into a worker that has no typing names.

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.task import (
    Judge,
    Scenario,
    assert_close,
    assert_equal,
    check,
    integer,
    mapping,
    real,
    scenario,
    sequence,
    tensor,
)

EXPLAINED_IN = {  # task -> section of the lesson
    "count_parameters": "3 By hand",
    "dense_bytes": "4 Build",
    "count_macs": "3 By hand",
    "confusion_matrix": "3 By hand",
    "precision_recall_f1": "3 By hand",
    "median_latency": "2 Measure",
    "compression_ratio": "5 Experiment",
    "train_in_budget": "5 Experiment",
}


def ask(judge: Judge, scenario: Scenario, count: int = 2, **inputs: Any) -> list[Any]:
    """The `count` values that a scenario returns, taken apart."""
    return sequence(judge.run(scenario, **inputs), what="what came back from the worker", length=count)


def assert_int(value: object, want: int, *, what: str, mistakes: dict[str, int] | None = None) -> None:
    got = integer(value, what=what)
    assert got == want, f"{what}: expected {want:,}, got {got:,}{told(got, mistakes or {})}"


def told(got: float, mistakes: Mapping[str, float]) -> str:
    """' (that is the mean)' when a value is what a known mistake gives."""
    names = [name for name, value in mistakes.items() if math.isclose(got, value, rel_tol=1e-6)]
    return f" (that is {names[0]})" if names else ""


# ---- count_parameters --------------------------------------------------------------------------------------
# Wrong: shared tensors counted twice; buffers counted; only weights, or only trained parameters; only the
# direct children; the number of tensors; nonzero ignored, or the zeros counted, or small values taken for
# zeros, or negative ones; a tensor returned; the zeros of a bias or of a batch norm left out.


@scenario
def count_layers(work, layers, values, nonzero):
    model = nn.Sequential(*[getattr(nn, name)(*arguments) for name, arguments in layers])
    with torch.no_grad():
        for name, value in values.items():
            model.get_parameter(name).copy_(value)
    return work.count_parameters(model, nonzero=True) if nonzero else work.count_parameters(model)


@scenario
def count_tied(work, weight, kind):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(4, 4)
            self.inner = nn.Sequential(nn.ReLU(), self.first if kind == "module" else nn.Linear(4, 4))
            self.first.weight = nn.Parameter(weight)
            if kind == "weight":
                self.inner[1].weight = self.first.weight
            self.scale = nn.Parameter(torch.tensor(2.0), requires_grad=False)

    model = Tied()
    for bias in {model.first.bias, model.inner[1].bias}:
        nn.init.constant_(bias, 1e-30)
    return work.count_parameters(model), work.count_parameters(model, nonzero=True)


@scenario
def count_nothing(work):
    return work.count_parameters(nn.ReLU()), work.count_parameters(nn.Flatten(), nonzero=True)


@check(
    "count_parameters",
    "a small net by hand, with and without its zeros",
    public=True,
    hint="Too many? Running mean and variance of a batch norm are buffers, not parameters.",
)
def test_count_parameters_by_hand(judge: Judge) -> None:
    layers = [["Linear", [4, 3]], ["BatchNorm1d", [3]], ["ReLU", []], ["Linear", [3, 1]]]
    values = {
        "0.weight": torch.tensor([[0.0, 1.0, -2.0, 0.0], [1e-8, 0.0, 0.0, 3.0], [1.0, 1.0, 1.0, 1.0]]),
        "0.bias": torch.tensor([0.5, 0.0, -0.5]),
        "1.weight": torch.ones(3),
        "1.bias": torch.zeros(3),
        "3.weight": torch.tensor([[1.0, 0.0, 2.0]]),
        "3.bias": torch.tensor([-0.0]),
    }
    inputs: dict[str, Any] = {"layers": layers, "values": values}
    got = judge.run(count_layers, nonzero=False, **inputs)
    mistakes = {
        "with the buffers of the batch norm": 32,
        "without the biases": 18,
        "the number of tensors": 6,
    }
    what = "Linear(4, 3), BatchNorm1d(3), ReLU, Linear(3, 1): 12 + 3 + 3 + 3 + 3 + 1"
    assert_int(got, 25, what=what, mistakes=mistakes)
    got = judge.run(count_layers, nonzero=True, **inputs)
    mistakes = {"the number of zeros": 10, "all of them": 25, "with 1e-8 taken for 0": 14}
    what = "the same net with 10 zeros, nonzero=True: 8 + 2 + 3 + 0 + 2 + 0"
    assert_int(got, 15, what=what, mistakes=mistakes)


@check(
    "count_parameters",
    "a tensor that two modules share counts once, a frozen one counts",
    hint="Tied weights counted twice? model.parameters() yields each tensor once, state_dict() does not.",
)
def test_count_parameters_shared(judge: Judge) -> None:
    weight = torch.randn(4, 4, generator=judge.generator)
    weight[torch.rand(4, 4, generator=judge.generator) < 0.5] = 0.0
    zeros = int((weight == 0).sum())
    for kind, total in (("none", 16 + 4 + 16 + 4 + 1), ("module", 16 + 4 + 1), ("weight", 16 + 4 + 4 + 1)):
        everything, nonzero = ask(judge, count_tied, weight=weight, kind=kind)
        case = {"none": "nothing", "module": "a Linear(4, 4)", "weight": "the weight of two Linear(4, 4)"}[
            kind
        ]
        assert_int(everything, total, what=f"a model that shares {case}, with one frozen number")
        if kind != "none":  # the second layer's own weight is random, so its zeros are not known here
            assert_int(
                nonzero, total - zeros, what=f"a model that shares {case}, {zeros} zeros, nonzero=True"
            )


@check(
    "count_parameters",
    "convolutions, nested layers, no parameters at all",
    hint="Count every parameter of every depth, whatever its shape: sum the numel() of each.",
)
def test_count_parameters_shapes(judge: Judge) -> None:
    cases: list[tuple[str, list[Any], int]] = [
        ("Conv2d(3, 8, 5)", [["Conv2d", [3, 8, 5]]], 608),
        ("Conv1d(2, 3, 4), GroupNorm(1, 3)", [["Conv1d", [2, 3, 4]], ["GroupNorm", [1, 3]]], 33),
        ("Embedding(10, 4), LSTM(4, 5)", [["Embedding", [10, 4]], ["LSTM", [4, 5]]], 260),
        ("TransformerEncoderLayer(8, 2, 16)", [["TransformerEncoderLayer", [8, 2, 16]]], 600),
    ]
    for what, layers, want in cases:
        assert_int(judge.run(count_layers, layers=layers, values={}, nonzero=False), want, what=what)
    everything, nonzero = ask(judge, count_nothing)
    assert_int(everything, 0, what="a ReLU")
    assert_int(nonzero, 0, what="a Flatten, nonzero=True")


# ---- dense_bytes -------------------------------------------------------------------------------------------
# Wrong: 4 bytes a value whatever the dtype; buffers forgotten (also the integer counter of a batch norm);
# shared storage counted twice, when the parameter is the same or when two parameters look at the same memory;
# zeros left out; only trained parameters; bits for bytes; a file's size with its header; the dtype of the
# first tensor for all.


@scenario
def bytes_of_layers(work, layers, dtypes):
    model = nn.Sequential(*[getattr(nn, name)(*arguments) for name, arguments in layers])
    for at, dtype in dtypes.items():
        model[at].to(getattr(torch, dtype))
    return work.dense_bytes(model)


@scenario
def bytes_of_buffers(work):
    class Coded(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("codes", torch.zeros(5, 7, dtype=torch.int8))
            self.register_buffer("mask", torch.zeros(3, 3, dtype=torch.bool))
            self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
            self.register_buffer("absent", None)
            self.scale = nn.Parameter(torch.zeros(5, dtype=torch.float64), requires_grad=False)

    return work.dense_bytes(nn.Sequential(nn.ReLU(), Coded()))


@scenario
def bytes_of_tied(work, kind):
    first, second = nn.Linear(6, 6), nn.Linear(6, 6)
    if kind == "module":
        second = first
    elif kind == "parameter":
        second.weight = first.weight
    elif kind == "storage":
        second.weight = nn.Parameter(first.weight.data)
    elif kind == "transposed":
        second.weight = nn.Parameter(first.weight.data.t())
    elif kind == "buffer":
        second.register_buffer("copy", first.weight.detach())
    return work.dense_bytes(nn.Sequential(first, nn.ReLU(), second))


@check(
    "dense_bytes",
    "small nets by hand",
    public=True,
    hint="24 bytes too few? A batch norm also keeps two buffers of 3 floats and an int64 counter: 32 bytes.",
)
def test_dense_bytes_by_hand(judge: Judge) -> None:
    got = judge.run(bytes_of_layers, layers=[["Linear", [3, 2]]], dtypes={})
    assert_int(
        got, 32, what="Linear(3, 2): 8 numbers of 4 bytes", mistakes={"bits": 256, "the count of numbers": 8}
    )
    got = judge.run(bytes_of_layers, layers=[["BatchNorm1d", [3]]], dtypes={})
    mistakes = {"without the buffers": 24, "4 bytes for the int64 counter too": 52, "without its zeros": 24}
    assert_int(got, 56, what="BatchNorm1d(3): 4 times 3 float32 and one int64", mistakes=mistakes)


@check(
    "dense_bytes",
    "each tensor at its own dtype, zeros and frozen numbers included",
    hint="Use the element_size() of each tensor: 2 for half precision, 1 for int8 and bool, 8 for int64.",
)
def test_dense_bytes_dtypes(judge: Judge) -> None:
    layers = [
        ["Linear", [8, 4]],
        ["ReLU", []],
        ["Linear", [4, 2]],
        ["Conv2d", [1, 2, 3]],
        ["BatchNorm2d", [2]],
    ]
    plain = 4 * (36 + 10 + 20 + 8) + 8
    cases: list[tuple[dict[int, str], int]] = [
        ({}, plain),
        ({0: "float16"}, plain - 2 * 36),
        ({2: "bfloat16", 3: "float64"}, plain - 2 * 10 + 4 * 20),
        ({0: "float16", 4: "float16"}, plain - 2 * 36 - 2 * 8),  # the counter of the batch norm stays int64
    ]
    for dtypes, want in cases:
        got = judge.run(bytes_of_layers, layers=layers, dtypes=dtypes)
        assert_int(got, want, what=f"five layers, {dtypes or 'all in float32'}")
    got = judge.run(bytes_of_buffers)
    assert_int(
        got, 35 + 9 + 8 + 40, what="int8 codes (5, 7), a bool mask (3, 3), an int64 number, 5 frozen float64"
    )
    assert_int(judge.run(bytes_of_layers, layers=[["ReLU", []]], dtypes={}), 0, what="a ReLU")


@check(
    "dense_bytes",
    "shared storage counts once",
    hint="Two parameters can look at the same memory: compare data_ptr() or the storage, not the objects.",
)
def test_dense_bytes_shared(judge: Judge) -> None:
    cases = {
        "none": ("two Linear(6, 6) with nothing in common", 336),
        "module": ("the same Linear(6, 6) used twice", 168),
        "parameter": ("two Linear(6, 6) with the same weight parameter", 192),
        "storage": ("two Linear(6, 6) whose weight parameters have the same storage", 192),
        "transposed": ("two Linear(6, 6), the second with the transposed weight of the first as a view", 192),
        "buffer": ("two Linear(6, 6) and a buffer that is the first one's weight", 336),
    }
    for kind, (what, want) in cases.items():
        assert_int(judge.run(bytes_of_tied, kind=kind), want, what=what)


# ---- count_macs --------------------------------------------------------------------------------------------
# Wrong: two operations a MAC; biases; input for output size, so that stride, padding or dilation go wrong;
# groups ignored; a square kernel taken for granted; Linear on more than two dimensions counted once; a module
# called twice counted once; only direct children; convolutions of one or three dimensions, transposed ones,
# norms or poolings counted too; a batch other than one; hooks left; eval mode left, or train mode set; batch
# norm or dropout touched; hooks of others removed; nothing cleaned up behind an error; parameters changed.
# Accepted: `model.train(was)`, although a frozen part of the model would lose its own mode; the contract
# speaks of the model's mode, and no wrong count comes of it.


@scenario
def macs_of_layers(work, layers, input_shape):
    def build(name, arguments, options):
        inner = [build(*item) for item in arguments] if name == "Sequential" else arguments
        return getattr(nn, name)(*inner, **options)

    return work.count_macs(nn.Sequential(*[build(*layer) for layer in layers]), input_shape)


@scenario
def macs_of_twice(work, kind):
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(6, 6)
            self.unused = nn.Linear(100, 100)

        def forward(self, x):
            return self.fc(self.fc(x) + x)

    class Split(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3)

        def forward(self, x):
            return self.conv(x).sum() + self.conv(x[:, :, ::2]).sum()

    if kind == "forward":
        return work.count_macs(Twice(), (6,))
    if kind == "sequence":
        layer = nn.Linear(6, 6)
        return work.count_macs(nn.Sequential(layer, nn.ReLU(), layer, nn.Sequential(layer)), (6,))
    return work.count_macs(Split(), (1, 9, 9))


@scenario
def macs_and_state(work, state, training, fails):
    calls = []

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(2, 4, 3)
            self.bn = nn.BatchNorm2d(4)
            self.inner = nn.Sequential(nn.Dropout(0.5), nn.Flatten(), nn.Linear(4 * 3 * 3, 5))

        def forward(self, x):
            x = self.inner(self.bn(self.conv(x)))
            if fails:
                raise RuntimeError("the forward pass gave up")
            return x

    model = Net().train(training)
    model.load_state_dict(state)
    model.inner[2].register_forward_hook(lambda *arguments: calls.append(1))
    result, error = None, ""
    try:
        result = work.count_macs(model, (2, 5, 5))
    except RuntimeError as raised:
        error = str(raised)
    hooks = 0
    for module in model.modules():
        hooks += len(module._forward_hooks) + len(module._forward_pre_hooks) + ("forward" in module.__dict__)
    modes = [module.training for module in model.modules()]
    used = len(calls)
    model.inner[2](torch.zeros(1, 36))
    return result, error, dict(model.state_dict()), hooks, modes, len(calls) - used


@check(
    "count_macs",
    "small layers by hand",
    public=True,
    hint="Twice the right number? One multiply-accumulate is a multiplication together with its addition.",
)
def test_count_macs_by_hand(judge: Judge) -> None:
    got = judge.run(macs_of_layers, layers=[["Linear", [3, 2], {}]], input_shape=(3,))
    assert_int(got, 6, what="Linear(3, 2)", mistakes={"twice as many": 12, "with the biases": 8})
    got = judge.run(macs_of_layers, layers=[["Conv2d", [1, 2, 3], {}]], input_shape=(1, 5, 5))
    what = "Conv2d(1, 2, 3) on 5x5: 9 positions, 2 channels, 9 products each"
    mistakes = {"twice as many": 324, "with the biases": 180, "the 25 positions of the input": 450}
    assert_int(got, 162, what=what, mistakes=mistakes)
    layers: list[Any] = [["Conv2d", [1, 2, 3], {"padding": 1}], ["ReLU", [], {}], ["Flatten", [], {}]]
    layers.append(["Linear", [50, 10], {}])
    got = judge.run(macs_of_layers, layers=layers, input_shape=(1, 5, 5))
    assert_int(got, 450 + 500, what="Conv2d(1, 2, 3, padding=1), ReLU, Flatten, Linear(50, 10) on 5x5")


@check(
    "count_macs",
    "stride, padding, dilation, groups, kernels that are not square",
    hint="Positions come from the output, products from the weight: in_channels / groups * kh * kw.",
)
def test_count_macs_convolutions(judge: Judge) -> None:
    cases: list[tuple[list[Any], dict[str, Any], tuple[int, ...], int]] = [
        ([3, 8, 3], {"stride": 2, "padding": 1, "bias": False}, (3, 9, 9), 25 * 8 * 27),
        ([4, 6, 3], {"groups": 2}, (4, 8, 8), 36 * 6 * 18),
        ([6, 6, 3], {"groups": 6, "padding": 1}, (6, 5, 5), 25 * 6 * 9),
        ([2, 4, 3], {"dilation": 2}, (2, 9, 9), 25 * 4 * 18),
        ([2, 4, (1, 5)], {"stride": (1, 2), "padding": (0, 2)}, (2, 6, 9), 30 * 4 * 10),
        ([3, 5, (3, 2)], {"padding": "same", "dilation": (2, 1)}, (3, 7, 6), 42 * 5 * 18),
        ([3, 5, 1], {}, (3, 4, 7), 28 * 5 * 3),
    ]
    for arguments, options, shape, want in cases:
        got = judge.run(macs_of_layers, layers=[["Conv2d", arguments, options]], input_shape=shape)
        assert_int(got, want, what=f"Conv2d({', '.join(map(str, arguments))}, {options}) on {shape}")


@check(
    "count_macs",
    "Linear on more than two dimensions, nested layers, everything else 0",
    hint="A Linear on (1, 5, 8) works 5 times: n(output) * in_features.",
)
def test_count_macs_nets(judge: Judge) -> None:
    cases: list[tuple[str, list[Any], tuple[int, ...], int]] = [
        ("Linear(8, 3) on (5, 8)", [["Linear", [8, 3], {}]], (5, 8), 120),
        ("Linear(8, 3) on (2, 5, 8)", [["Linear", [8, 3], {}], ["Linear", [3, 1], {}]], (2, 5, 8), 270),
        ("Linear(8, 8) between LayerNorm(8)", [["LayerNorm", [8], {}], ["Linear", [8, 8], {}]], (3, 8), 192),
        (
            "Conv2d(1, 2, 3), BatchNorm2d, MaxPool2d, ConvTranspose2d on 8x8",
            [["Conv2d", [1, 2, 3], {}], ["BatchNorm2d", [2], {}], ["MaxPool2d", [2], {}],
             ["ConvTranspose2d", [2, 1, 2], {}]],
            (1, 8, 8), 36 * 2 * 9,
        ),
        (
            "a Sequential in a Sequential in a Sequential",
            [["Linear", [4, 4], {}],
             ["Sequential", [["ReLU", [], {}], ["Sequential", [["Linear", [4, 3], {}]], {}]], {}]],
            (4,), 28,
        ),
        ("BatchNorm1d(3), Flatten", [["BatchNorm1d", [3], {}], ["Flatten", [], {}]], (3, 4), 0),
        (
            "Conv1d(3, 4, 2), PReLU, AvgPool1d(2), Flatten, Linear(8, 2) on (3, 5)",
            [["Conv1d", [3, 4, 2], {}], ["PReLU", [], {}], ["AvgPool1d", [2], {}], ["Flatten", [], {}],
             ["Linear", [8, 2], {}]],
            (3, 5), 16,
        ),
        (
            "Conv3d(2, 3, 2), GroupNorm, Flatten, Linear(54, 1) on (2, 3, 4, 4)",
            [["Conv3d", [2, 3, 2], {}], ["GroupNorm", [1, 3], {}], ["Flatten", [], {}],
             ["Linear", [54, 1], {}]],
            (2, 3, 4, 4), 54,
        ),
    ]  # fmt: skip
    for what, layers, shape, want in cases:
        assert_int(judge.run(macs_of_layers, layers=layers, input_shape=shape), want, what=what)


@check(
    "count_macs",
    "a module used twice counts twice, an unused one not at all",
    points=0.5,
    hint="Count when a module is called (a forward hook), not once for each module there is.",
)
def test_count_macs_twice(judge: Judge) -> None:
    assert_int(
        judge.run(macs_of_twice, kind="forward"), 72, what="Linear(6, 6) called twice beside an unused layer"
    )
    assert_int(judge.run(macs_of_twice, kind="sequence"), 108, what="the same Linear(6, 6) at three places")
    want = 18 * 49 + 18 * 21
    assert_int(judge.run(macs_of_twice, kind="sizes"), want, what="Conv2d(1, 2, 3) called on 9x9 and on 5x9")


@check(
    "count_macs",
    "the model is left as it was, also when its forward pass raises",
    points=0.5,
    hint="Another mode, or a hook still there? Clean up in a finally block; run in eval mode.",
)
def test_count_macs_state(judge: Judge) -> None:
    shapes = {"conv.weight": (4, 2, 3, 3), "conv.bias": (4,), "inner.2.weight": (5, 36), "inner.2.bias": (5,)}
    shapes |= {f"bn.{name}": (4,) for name in ("weight", "bias", "running_mean", "running_var")}
    state = {name: torch.rand(shape, generator=judge.generator) for name, shape in shapes.items()}
    state["bn.num_batches_tracked"] = torch.tensor(3)
    for fails in (False, True):
        for training in (False, True):
            got = ask(judge, macs_and_state, 6, state=state, training=training, fails=fails)
            result, error, after, hooks, modes, calls = got
            when = f"after count_macs of a model in {'train' if training else 'eval'} mode"
            if fails:
                when += " whose forward pass raised"
                assert isinstance(error, str) and error == "the forward pass gave up", (
                    f"the error of the forward pass was lost, got {error!r}"
                )
            else:
                assert_int(
                    result, 9 * 4 * 18 + 36 * 5, what="Conv2d(2, 4, 3), BatchNorm2d, Dropout, Linear(36, 5)"
                )
            after = mapping(after, what="the model's state", keys=state)
            for name, value in state.items():
                left = tensor(after[name], what=name, dtype=value.dtype, shape=value.shape)
                assert torch.equal(left, value), f"{name} is not what it was {when}: count in eval mode"
            before = [training] * 7
            modes = [mode is True for mode in sequence(modes, what="the modes", length=7)]
            assert modes == before, f"the train mode of the modules is {modes} {when}, expected {before}"
            hooks = integer(hooks, what="the number of hooks")
            assert hooks == 1, f"{hooks} hooks {when}, expected the one that was there before"
            assert integer(calls, what="the calls of the hook") == 1, (
                f"the hook that was there before no longer works {when}"
            )


# ---- confusion_matrix --------------------------------------------------------------------------------------
# Wrong: rows and columns exchanged; shares instead of counts; float or int32; size from the labels seen
# instead of num_classes; equal pairs counted once (index assignment without accumulation); list of lists;
# only the diagonal; counts that do not fit into a byte.


@scenario
def call_confusion_matrix(work, predictions, targets, num_classes):
    return work.confusion_matrix(predictions, targets, num_classes), predictions, targets


def assert_confusion(judge: Judge, predictions: Tensor, targets: Tensor, num_classes: int) -> None:
    inputs = {"predictions": predictions, "targets": targets, "num_classes": num_classes}
    got, *after = ask(judge, call_confusion_matrix, 3, **inputs)
    what = f"confusion_matrix of {len(targets)} labels in {num_classes} classes"
    got = tensor(got, what=what, dtype=torch.int64, shape=(num_classes, num_classes))
    want = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    for target, prediction in zip(targets.tolist(), predictions.tolist(), strict=True):
        want[target, prediction] += 1
    if not torch.equal(want, want.T) and torch.equal(got, want.T):
        raise AssertionError(f"{what} is transposed: rows are targets, columns are predictions")
    assert_equal(got, want, what=what)
    for value, given, name in zip(after, (predictions, targets), ("predictions", "targets"), strict=True):
        value = tensor(value, what=name, dtype=torch.int64, shape=given.shape)
        assert torch.equal(value, given), f"the argument {name} was changed"


@check(
    "confusion_matrix",
    "four labels by hand",
    public=True,
    hint="Transposed? confusion[t, p] counts target t predicted as p: rows are targets.",
)
def test_confusion_matrix_by_hand(judge: Judge) -> None:
    inputs = {"predictions": torch.tensor([0, 1, 1, 2]), "targets": torch.tensor([0, 0, 0, 2])}
    got, *_ = ask(judge, call_confusion_matrix, 3, num_classes=3, **inputs)
    got = tensor(got, what="confusion_matrix", dtype=torch.int64, shape=(3, 3))
    want = torch.tensor([[1, 2, 0], [0, 0, 0], [0, 0, 1]])
    assert not torch.equal(got, want.T), "the matrix is transposed: rows are targets, columns are predictions"
    assert not torch.equal(got, want.clamp(max=1)), "two equal pairs count 1: each must be added (bincount)"
    assert_equal(got, want, what="confusion_matrix of predictions [0, 1, 1, 2] and targets [0, 0, 0, 2]")


@check(
    "confusion_matrix",
    "many labels, every pair counted as often as it comes",
    hint="Each cell at most 1? confusion[t, p] += 1 with index tensors adds once a cell; use bincount.",
)
def test_confusion_matrix_many(judge: Judge) -> None:
    for count, classes in ((30, 2), (2000, 3), (1000, 10)):
        targets = torch.randint(classes, (count,), generator=judge.generator)
        wrong = torch.randint(classes, (count,), generator=judge.generator)
        right = torch.rand(count, generator=judge.generator) < 0.6
        assert_confusion(judge, torch.where(right, targets, wrong), targets, classes)


@check(
    "confusion_matrix",
    "classes that never come, one class, one label, no label",
    hint="The matrix has num_classes rows, whatever labels come: minlength, and never max() + 1.",
)
def test_confusion_matrix_edges(judge: Judge) -> None:
    cases = [([0, 1], [1, 0], 5), ([4], [2], 5), ([0, 0, 0], [0, 0, 0], 1), ([], [], 3), ([3, 3], [3, 0], 4)]
    for predictions, targets, classes in cases:
        predicted, true = (torch.tensor(labels, dtype=torch.int64) for labels in (predictions, targets))
        assert_confusion(judge, predicted, true, classes)


# ---- precision_recall_f1 -----------------------------------------------------------------------------------
# Wrong: precision and recall exchanged (rows are targets); NaN at zero denominators; F1 as arithmetic or
# geometric mean; averaged over classes; a shape of (3, C); float64 or int; a small number added to every
# denominator that shows in the result; F1 0 / 0 when precision and recall are 0; accuracy in place of
# precision; confusion changed.


@scenario
def call_precision_recall_f1(work, confusion):
    return work.precision_recall_f1(confusion), confusion


def scores_of(confusion: Tensor) -> Tensor:
    """Precision, recall and F1 class by class, in plain Python."""
    rows = []
    for at in range(len(confusion)):
        hit = confusion[at, at].item()
        predicted, actual = confusion[:, at].sum().item(), confusion[at].sum().item()
        precision, recall = hit / predicted if predicted else 0.0, hit / actual if actual else 0.0
        both = precision + recall
        rows.append([precision, recall, 2 * precision * recall / both if both else 0.0])
    return torch.tensor(rows)


def assert_scores(judge: Judge, confusion: Tensor) -> None:
    got, after = ask(judge, call_precision_recall_f1, confusion=confusion)
    classes = len(confusion)
    what = (
        f"precision_recall_f1 of {confusion.tolist()}" if classes <= 3 else f"the scores of {classes} classes"
    )
    got, want = tensor(got, what=what, dtype=torch.float32, shape=(classes, 3)), scores_of(confusion)
    assert not got.isnan().any(), f"{what} has NaN: where a denominator is 0 the score is 0"
    if not torch.allclose(got, want, atol=1e-5) and torch.allclose(got, want[:, [1, 0, 2]], atol=1e-5):
        raise AssertionError(f"{what}: precision and recall are exchanged; rows are targets")
    assert_close(got, want, what=what, atol=1e-5)
    after = tensor(after, what="the argument confusion", dtype=torch.int64, shape=confusion.shape)
    assert torch.equal(after, confusion), "the argument confusion was changed"


@check(
    "precision_recall_f1",
    "two classes by hand",
    public=True,
    hint="Precision and recall exchanged? Precision divides by the column (predicted), recall by the row.",
)
def test_precision_recall_f1_by_hand(judge: Judge) -> None:
    got, _ = ask(judge, call_precision_recall_f1, confusion=torch.tensor([[6, 2], [4, 0]]))
    got = tensor(got, what="precision_recall_f1", dtype=torch.float32, shape=(2, 3))
    want = torch.tensor([[0.6, 0.75, 2 / 3], [0.0, 0.0, 0.0]])
    assert not got.isnan().any(), (
        "precision_recall_f1 of [[6, 2], [4, 0]] has NaN: F1 of the second class is 0"
    )
    mistakes = {
        "precision and recall are exchanged; rows are targets": want[0, [1, 0, 2]],
        "F1 is the harmonic mean of precision and recall, not the arithmetic one": torch.tensor(
            [0.6, 0.75, 0.675]
        ),
        "precision divides by what was predicted as the class, not by all samples": torch.tensor(
            [0.5, 0.75, 0.6]
        ),
    }
    for sentence, wrong in mistakes.items():
        assert not torch.allclose(got[0], wrong), f"precision_recall_f1 of [[6, 2], [4, 0]]: {sentence}"
    assert_close(got, want, what="precision_recall_f1 of [[6, 2], [4, 0]]", atol=1e-5)


@check(
    "precision_recall_f1",
    "random counts, few and many classes",
    hint="F1 = 2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall; one row a class.",
)
def test_precision_recall_f1_random(judge: Judge) -> None:
    for classes, most in ((2, 9), (3, 50), (10, 1000), (4, 10_000_000)):
        assert_scores(judge, torch.randint(1, most, (classes, classes), generator=judge.generator))


@check(
    "precision_recall_f1",
    "0 where a denominator is 0",
    hint="0 / 0 is NaN: a class never predicted has precision 0, one that never occurs has recall 0.",
)
def test_precision_recall_f1_zeros(judge: Judge) -> None:
    cases = [
        [[0, 0], [0, 0]], [[5, 0], [0, 0]], [[0, 3], [0, 4]], [[0, 0], [3, 4]], [[0, 2], [3, 0]], [[0]],
        [[7]], [[1, 0, 0], [2, 0, 0], [0, 0, 0]],
    ]  # fmt: skip
    for case in cases:
        assert_scores(judge, torch.tensor(case))


# ---- median_latency ----------------------------------------------------------------------------------------
# Wrong: the mean, the minimum or the sum; the lower middle for an even number; the warm-up timed, left out,
# or counted among the repeats; one repeat too many; the clock given ignored; milliseconds; the clock read
# once for all repeats; the default of warmup or repeats changed; run not called in the timed part.


@scenario
def time_steps(work, durations, options):
    now, calls = [1000.0], [0]

    def run():
        now[0] += durations[calls[0] % len(durations)]
        calls[0] += 1

    def clock():
        return now[0]

    return work.median_latency(run, clock=clock, **options), calls[0]


@scenario
def time_really(work, size):
    import time

    values, calls = torch.ones(size), []
    began = time.perf_counter()
    result = work.median_latency(lambda: calls.append(values.sum()))
    return result, len(calls), time.perf_counter() - began


def assert_latency(judge: Judge, durations: list[float], **options: int) -> None:
    warmup, repeats = options.get("warmup", 3), options.get("repeats", 11)
    got, calls = ask(judge, time_steps, durations=durations, options=options)
    case = f"calls of {durations} s with warmup {warmup}, repeats {repeats}"
    timed = sorted(durations[at % len(durations)] for at in range(warmup, warmup + repeats))
    want = (timed[(repeats - 1) // 2] + timed[repeats // 2]) / 2
    assert_int(calls, warmup + repeats, what=f"how often run was called, {case}")
    got = real(got, what=f"median_latency, {case}")
    mistakes = {
        "the mean": sum(timed) / repeats,
        "the fastest call": timed[0],
        "the lower of the middle two": timed[(repeats - 1) // 2],
    }
    told_by = told(got, mistakes)
    assert math.isclose(got, want, abs_tol=1e-6), (
        f"{case}: expected the median {want:g} s, got {got:g}{told_by}"
    )


@check(
    "median_latency",
    "three calls by hand, on a clock of ours",
    public=True,
    hint="Read the clock that is given, clock(), before and after each timed call, and take the median.",
)
def test_median_latency_by_hand(judge: Judge) -> None:
    durations = [50.0, 2.0, 9.0, 1.0]
    got, calls = ask(judge, time_steps, durations=durations, options={"warmup": 1, "repeats": 3})
    got = real(got, what="median_latency")
    mistakes = {
        "the mean": 4.0,
        "the fastest call": 1.0,
        "the middle call, not sorted": 9.0,
        "with the warm-up timed": 5.5,
        "milliseconds": 2000.0,
    }
    case = "a warm-up of 50 s, then calls of 2, 9 and 1 s"
    assert got == 2.0, f"{case}: expected the median 2, got {got:g}{told(got, mistakes)}"
    assert_int(calls, 4, what="how often run was called with warmup=1, repeats=3")


@check(
    "median_latency",
    "odd and even repeats, with and without warm-up, the defaults",
    hint="For an even number the median is the mean of the middle two; torch.median takes the lower.",
)
def test_median_latency_repeats(judge: Judge) -> None:
    cases = [(3, 5), (0, 3), (0, 1), (5, 1), (2, 4), (0, 2), (1, 10)]
    for warmup, repeats in cases:
        steps = torch.randperm(64, generator=judge.generator)[: warmup + repeats]
        durations = (steps.double() / 64 + 0.25).tolist()
        durations[:warmup] = [100.0 + duration for duration in durations[:warmup]]
        assert_latency(judge, durations, warmup=warmup, repeats=repeats)
    durations = [100.0, 100.0, 100.0, 8.0, 1.0, 9.0, 2.0, 7.0, 4.0, 6.0, 3.0, 5.0, 30.0, 40.0]
    assert_latency(judge, durations)


@check(
    "median_latency",
    "real time in seconds, on the clock used by default",
    points=1.0,
    hint="Seconds, as time.perf_counter gives them, for one call: no factor, no sum over the repeats.",
)
def test_median_latency_real(judge: Judge) -> None:
    got, calls, total = ask(judge, time_really, 3, size=200_000)
    assert_int(calls, 14, what="how often run was called with the default warmup=3, repeats=11")
    got, total = real(got, what="median_latency"), real(total, what="the time of all calls")
    assert 0 < got <= total / 6, f"14 calls took {total:.2g} s in all, but their median is {got:.2g} s"


# ---- compression_ratio -------------------------------------------------------------------------------------
# Wrong: exchanged; the share saved; percent; whole numbers; rounded to two digits; zero and negative sizes
# let through, or only one of the two checked; ZeroDivisionError or assert for ValueError; the message names
# neither argument.


@scenario
def call_compression_ratio(work, original_bytes, compressed_bytes):
    return work.compression_ratio(original_bytes, compressed_bytes)


@check(
    "compression_ratio",
    "ratios by hand",
    public=True,
    hint="4 times smaller is a ratio of 4: original over compressed, not the other way round, no percent.",
)
def test_compression_ratio_by_hand(judge: Judge) -> None:
    for original, compressed, want in (
        (1000, 250, 4.0),
        (1000, 400, 2.5),
        (1000, 300, 10 / 3),
        (100, 400, 0.25),
        (1_066_440, 1, 1_066_440),
    ):
        got = judge.run(call_compression_ratio, original_bytes=original, compressed_bytes=compressed)
        case = f"compression_ratio({original}, {compressed})"
        got = real(got, what=case)
        mistakes = {
            "compressed / original": compressed / original,
            "the share saved": 1 - compressed / original,
            "the ratio cut to a whole number": original // compressed,
            "rounded to two digits": round(want, 2),
        }
        told_by = told(got, mistakes)
        assert math.isclose(got, want, rel_tol=1e-6), f"{case}: expected {want:.6g}, got {got:.6g}{told_by}"


@check(
    "compression_ratio",
    "refuses sizes that are not positive, and says which",
    hint="raise ValueError(f'original_bytes must be positive, got ...'), and the same for the other.",
)
def test_compression_ratio_range(judge: Judge) -> None:
    judge.run(call_compression_ratio, original_bytes=9, compressed_bytes=3)
    for size in (0, -5):
        judge.raises(
            call_compression_ratio,
            ValueError,
            naming="compressed_bytes",
            original_bytes=9,
            compressed_bytes=size,
        )
        judge.raises(
            call_compression_ratio,
            ValueError,
            naming="original_bytes",
            original_bytes=size,
            compressed_bytes=9,
        )
    judge.raises(call_compression_ratio, ValueError, original_bytes=-8, compressed_bytes=-4)


# ---- train_in_budget: the graded experiment ----------------------------------------------------------------
# Wrong: over the budget; biases not counted; half precision; layers that do not fit together; transposed
# weights; NaN; not trained; trained for inputs scaled in another way; more layers than ReLU nets have (no
# ReLU between).

MAX_BYTES, FULL_ERROR, MOST_ERROR = 64_000, 0.045, 0.10  # the reference: 2.9 % error; a linear net: about 8 %


@scenario
def mnist_training(work):
    from shrink.data import mnist

    split = mnist("train")
    return (split.images.float() / 255).view(-1, 784), split.labels


@scenario
def mnist_test(work):
    from shrink.data import mnist

    split = mnist("test")
    return (split.images.float() / 255).view(-1, 784), split.labels


@scenario
def call_train_in_budget(work, images, labels, max_bytes, seed):
    generator = torch.Generator().manual_seed(seed)
    return [
        list(layer)
        for layer in work.train_in_budget(images, labels, max_bytes=max_bytes, generator=generator)
    ]


def layers_in_budget(value: object, max_bytes: int) -> list[tuple[Tensor, Tensor]]:
    """The layers, if they are a net for 784 inputs and ten outputs that keeps to the budget."""
    layers, inputs = [], 784
    for at, layer in enumerate(sequence(value, what="train_in_budget")):
        weight, bias = sequence(layer, what=f"layer {at}, a pair of weight and bias", length=2)
        weight = tensor(weight, what=f"the weight of layer {at}", dtype=torch.float32, finite=True)
        assert weight.dim() == 2 and weight.shape[1] == inputs, (
            f"the weight of layer {at} has shape {tuple(weight.shape)}, expected (out, {inputs})"
        )
        inputs = weight.shape[0]
        layers.append(
            (weight, tensor(bias, what=f"the bias of layer {at}", dtype=torch.float32, shape=(inputs,)))
        )
    assert inputs == 10, f"the last layer has {inputs} outputs, expected 10"
    used = sum(4 * (weight.numel() + bias.numel()) for weight, bias in layers)
    assert used <= max_bytes, f"weights and biases take {used:,} bytes, the budget is {max_bytes:,}"
    return layers


@check(
    "train_in_budget",
    "a net of linear layers that keeps to the budget",
    public=True,
    hint="784 inputs cost 785 numbers a hidden unit, and each number 4 bytes; count the biases too.",
)
def test_train_in_budget_form(judge: Judge) -> None:
    labels = torch.arange(40) % 10
    images = (torch.arange(784) % 10 == labels.view(-1, 1)).float()
    inputs: dict[str, Any] = {"images": images, "labels": labels, "seed": 0}
    for max_bytes in (MAX_BYTES, 32_000):
        layers_in_budget(
            judge.run(call_train_in_budget, cpu_seconds=60, max_bytes=max_bytes, **inputs), max_bytes
        )


@check(
    "train_in_budget",
    "at most 4.5 % error on the test images with 64,000 bytes",
    points=5,
    hint="Error above 4.5 %? Two small hidden layers, Adam, more epochs, a learning rate that falls to 0.",
)
def test_train_in_budget_result(judge: Judge) -> float:
    images, labels = judge.trusted(mnist_training)
    seed = int(torch.randint(1 << 30, (), generator=judge.generator))
    inputs: dict[str, Any] = {"images": images, "labels": labels, "max_bytes": MAX_BYTES, "seed": seed}
    layers = layers_in_budget(
        judge.run(call_train_in_budget, cpu_seconds=60, fresh=True, **inputs), MAX_BYTES
    )
    x, targets = judge.trusted(mnist_test)
    for at, (weight, bias) in enumerate(layers):
        x = torch.nn.functional.linear(x.relu() if at else x, weight, bias)
    error = int((x.argmax(dim=1) != targets).sum()) / len(targets)
    judge.metrics["bytes"] = sum(4 * (weight.numel() + bias.numel()) for weight, bias in layers)
    judge.metrics["accuracy"] = round(1 - error, 6)
    share = float(np.clip((MOST_ERROR - error) / (MOST_ERROR - FULL_ERROR), 0, 1))
    judge.remark = f"{100 * error:.1f} % error on the test images, expected at most 4.5 %"
    return share
