"""Quantization against oracles: torch's quantized tensors, ONNX Runtime's int8 kernels, exact fractions."""

import copy
import doctest
import math
import os
from fractions import Fraction

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from shrink import quantization
from shrink.data import cifar10, mnist, to_float
from shrink.nets import NETS
from shrink.quantization import (
    QuantizedLayer,
    affine_params,
    clip_weights,
    dequantize,
    fixed_point,
    fold_batchnorm,
    fold_network,
    integer_linear,
    load_quantized_,
    minmax_range,
    mse_range,
    percentile_range,
    quantize,
    quantize_in_budget,
    quantize_layers,
    quantize_network,
    quantize_per_channel,
    requantize,
    save_quantized,
    symmetric_scale,
)
from shrink.training import accuracy, load_checkpoint

settings.register_profile("shared", deadline=None)  # times mean nothing on shared cores
settings.load_profile("shared")

# torch says so of its own quantized tensors, which serve as oracles here.
pytestmark = pytest.mark.filterwarnings("ignore:.*quantized tensor creation functions.*deprecated")

SHAPES = st.lists(st.integers(0, 4), min_size=1, max_size=4)
SEEDS = st.integers(0, 1000)
BITS = st.integers(2, 8)
ENDS = st.floats(-1e6, 1e6, width=32)
INT32 = {"low": -(2**31), "high": 2**31 - 1}


def random(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def codes_like(shape, low, high, seed=0, dtype=torch.int32):
    return torch.randint(low, high + 1, shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def test_the_examples_in_the_docstrings_are_true():
    assert doctest.testmod(quantization).failed == 0


@given(ENDS, ENDS, st.integers(1, 16))
def test_zero_is_exact_and_the_grid_covers_the_range_to_half_a_step(one, other, bits):
    low, high = min(one, other), max(one, other)
    scale, zero_point = affine_params(low, high, bits=bits)
    assert type(scale) is float and type(zero_point) is int
    assert scale > 0 and 0 <= zero_point <= 2**bits - 1
    assert (0 - zero_point) * scale <= low + 0.5001 * scale
    assert (2**bits - 1 - zero_point) * scale >= high - 0.5001 * scale
    assert (
        dequantize(quantize(torch.zeros(1), scale, zero_point, low=0, high=2**bits - 1), scale, zero_point)
        == 0
    )


@pytest.mark.parametrize(
    ("low", "high", "bits", "expected"),
    [
        (0.0, 0.0, 8, (1.0, 0)),
        (1.0, 3.0, 2, (1.0, 0)),  # widened down to 0
        (-3.0, -1.0, 2, (1.0, 3)),  # widened up to 0
        (-1.0, 2.0, 2, (1.0, 1)),
        (5e-324, 5e-324, 8, (1.0, 0)),  # a step would be no float
    ],
)
def test_ranges_by_hand(low, high, bits, expected):
    assert affine_params(low, high, bits=bits) == expected


@given(SHAPES, SEEDS, st.integers(-6, 3), st.integers(-20, 150))
def test_codes_are_those_of_torch_also_halfway(shape, seed, exponent, zero_point):
    scale = 2.0**exponent  # then the quotient is exact, whether torch divides or multiplies by 1 / scale
    x = (random(shape, seed) * 100).round() / 2 * scale  # half of them lie halfway
    zero_point = max(0, zero_point)
    oracle = torch.quantize_per_tensor(x, scale, zero_point, torch.quint8)
    codes = quantize(x, scale, zero_point, low=0, high=255)
    assert codes.dtype == torch.int32 and torch.equal(codes, oracle.int_repr().int())
    assert torch.equal(dequantize(codes, scale, zero_point), oracle.dequantize())


@given(st.lists(st.integers(1, 5), min_size=2, max_size=4), SEEDS)
def test_codes_per_channel_are_those_of_torch(shape, seed):
    weight = random(shape, seed)
    for axis in range(len(shape)):
        codes, scales = quantize_per_channel(weight, axis=axis)
        zeros = torch.zeros(len(scales), dtype=torch.long)
        oracle = torch.quantize_per_channel(weight, scales.double(), zeros, axis, torch.qint8).int_repr()
        along = scales.view([-1 if at == axis else 1 for at in range(len(shape))])
        halfway = ((weight / along).abs() % 1 - 0.5).abs() < 1e-4  # there 1 / scale in float32 decides
        assert codes.dtype == torch.int8 and torch.equal(codes[~halfway], oracle[~halfway])
        assert (codes.int() - oracle.int()).abs().max() <= 1


@given(SHAPES, SEEDS, BITS)
def test_a_code_is_off_by_at_most_half_a_step_and_stays_what_it_is(shape, seed, bits):
    x, top = random(shape, seed), 2 ** (bits - 1) - 1
    scale = symmetric_scale(x, bits=bits)
    codes = quantize(x, scale, 0, low=-top, high=top)
    back = dequantize(codes, scale, 0)
    assert ((back - x).abs() <= 0.5001 * scale).all()
    assert torch.equal(quantize(back, scale, 0, low=-top, high=top), codes)


def test_large_numbers_are_clamped_before_they_are_made_integers():
    x = torch.tensor([3e38, -3e38, math.inf, -math.inf, 300.0])
    assert quantize(x, 1.0, 0, low=-128, high=127).tolist() == [127, -128, 127, -128, 127]


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64])
def test_codes_of_any_width_come_back_without_wrapping(dtype):
    assert dequantize(torch.tensor([0, 3, 127], dtype=dtype), 0.5, 100).tolist() == [-50.0, -48.5, 13.5]


@given(SEEDS, BITS)
def test_a_zero_channel_and_no_channel_have_scale_one(seed, bits):
    weight = random((3, 4), seed)
    weight[1] = 0
    assert symmetric_scale(weight, bits=bits, axis=0)[1] == 1
    assert symmetric_scale(torch.zeros(0, 4), bits=bits).tolist() == 1
    assert symmetric_scale(torch.zeros(4, 0), bits=bits, axis=0).tolist() == [1] * 4
    assert symmetric_scale(torch.full((2,), 1e-45), bits=8).tolist() == 1  # its 127th part is no float32


@given(SEEDS, st.integers(1, 300), st.floats(0, 1))
def test_percentiles_are_those_of_torch(seed, count, coverage):
    x = random((count,), seed)
    ends = torch.tensor([(1 - coverage) / 2, (1 + coverage) / 2], dtype=torch.float64)
    assert percentile_range(x, coverage=coverage) == pytest.approx(torch.quantile(x.double(), ends).tolist())
    assert percentile_range(x, coverage=1.0) == minmax_range(x)


@given(SEEDS, BITS, st.integers(1, 20))
def test_the_range_of_least_error_is_the_best_of_those_tried(seed, bits, steps):
    x = random((200,), seed) ** 3
    low, high = minmax_range(x)
    errors = {}
    for step in range(1, steps + 1):
        tried = (low * step / steps, high * step / steps)
        scale, zero_point = affine_params(*tried, bits=bits)
        faked = torch.fake_quantize_per_tensor_affine(x, scale, zero_point, 0, 2**bits - 1)
        errors[tried] = (faked - x).square().mean().item()
    got = mse_range(x, bits=bits, steps=steps)
    assert errors[min(errors, key=lambda tried: math.dist(tried, got))] == pytest.approx(
        min(errors.values()), rel=1e-4
    )


@given(
    st.sampled_from([(4, 6, 1), (4, 6, 2), (6, 6, 6), (1, 1, 1)]),
    st.booleans(), st.booleans(), st.integers(1, 2), st.integers(0, 2), st.integers(1, 2), SEEDS,
)  # fmt: skip
def test_a_folded_convolution_is_convolution_and_batch_norm(
    channels, bias, affine, stride, padding, dilation, seed
):
    inputs, outputs, groups = channels
    torch.manual_seed(seed)
    conv = nn.Conv2d(inputs, outputs, 3, stride, padding, dilation, groups, bias)
    bn = nn.BatchNorm2d(outputs, affine=affine)
    bn.load_state_dict(
        {k: v if v.dim() == 0 else torch.rand(v.shape) + 0.1 for k, v in bn.state_dict().items()}
    )
    before = [copy.deepcopy(module.state_dict()) for module in (conv, bn)]
    x = torch.randn(2, inputs, 9, 9)
    expected = F.batch_norm(conv(x), bn.running_mean, bn.running_var, bn.weight, bn.bias, eps=bn.eps)
    folded = fold_batchnorm(conv, bn)
    assert torch.allclose(folded(x), expected, rtol=1e-4, atol=1e-5)
    assert bn.training and all(
        torch.equal(value, old[name])
        for module, old in zip((conv, bn), before, strict=True)
        for name, value in module.state_dict().items()
    )


def test_a_batch_norm_without_statistics_cannot_be_folded():
    with pytest.raises(ValueError, match="bn must have running statistics"):
        fold_batchnorm(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2, track_running_stats=False))


@given(st.floats(min_value=0, exclude_min=True, allow_infinity=False))
def test_a_multiplier_is_mantissa_and_shift_to_one_part_in_a_billion(multiplier):
    mantissa, shift = fixed_point(multiplier)
    assert 2**30 <= mantissa < 2**31
    assert abs(Fraction(mantissa) / Fraction(2) ** shift / Fraction(multiplier) - 1) <= Fraction(1, 2**30)


@pytest.mark.parametrize(
    ("multiplier", "parts"), [(1.0, (2**30, 30)), (1 - 1e-16, (2**30, 30)), (2.0**40, (2**30, -10))]
)
def test_multipliers_by_hand(multiplier, parts):
    assert fixed_point(multiplier) == parts


@pytest.mark.parametrize("multiplier", [0.0, -1.5, math.inf, math.nan])
def test_a_multiplier_that_is_not_positive_is_refused(multiplier):
    with pytest.raises(ValueError, match=f"multiplier must be positive and finite, got {multiplier}"):
        fixed_point(multiplier)


def exactly(accumulator, mantissa, shift, zero_point, low, high):
    """Rounds in fractions, half away from zero."""
    value = Fraction(accumulator * mantissa) / Fraction(2) ** shift
    rounded = math.floor(abs(value) + Fraction(1, 2)) * (1 if value >= 0 else -1)
    return min(max(rounded + zero_point, low), high)


@settings(max_examples=300)
@given(
    st.lists(st.integers(-(2**31), 2**31 - 1) | st.integers(-300, 300), min_size=1, max_size=8),
    st.integers(2**30, 2**31 - 1) | st.sampled_from([2**30, 2**31 - 1, 3 * 2**29]),
    st.integers(-40, 80) | st.integers(29, 42),
    st.integers(-128, 255),
)
def test_requantizing_is_exact_and_rounds_halves_away_from_zero(values, mantissa, shift, zero_point):
    accumulator = torch.tensor(values, dtype=torch.int32)
    for bounds in ({"low": 0, "high": 255}, INT32):
        codes = requantize(accumulator, mantissa, shift, zero_point, **bounds)
        assert codes.dtype == torch.int32
        assert codes.tolist() == [exactly(v, mantissa, shift, zero_point, **bounds) for v in values]


def test_requantizing_takes_one_multiplier_for_each_channel():
    accumulator = codes_like((5, 3), -1000, 1000)
    parts = [fixed_point(multiplier) for multiplier in (0.5, 0.013, 3e-9)]
    mantissas, shifts = (torch.tensor(part) for part in zip(*parts, strict=True))
    together = requantize(accumulator, mantissas, shifts, 3, **INT32)
    for at, (mantissa, shift) in enumerate(parts):
        assert torch.equal(together[:, at], requantize(accumulator[:, at], mantissa, shift, 3, **INT32))


def onnx_linear(x, x_zero, weight, bias, divisor, out_zero):
    """ONNX Runtime's int8 matrix product with bias (its QGemm), output scale `divisor`."""
    scalars = {"one": np.float32(1), "x_zero": np.uint8(x_zero), "w_zero": np.int8(0),
               "divisor": np.float32(divisor), "out_zero": np.uint8(out_zero)}  # fmt: skip
    constants = {name: np.array(value) for name, value in scalars.items()}
    constants |= {"weight": weight.numpy(), "bias": bias.numpy()}
    names = ["x", "one", "x_zero", "weight", "one", "w_zero", "bias", "divisor", "out_zero"]
    node = onnx.helper.make_node("QGemm", names, ["out"], domain="com.microsoft", transB=1)
    sides = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.UINT8, [None, None])
        for name in ("x", "out")
    ]
    graph = onnx.helper.make_graph(
        [node], "linear", sides[:1], sides[1:],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )  # fmt: skip
    domains = [onnx.helper.make_opsetid("", 17), onnx.helper.make_opsetid("com.microsoft", 1)]
    model = onnx.helper.make_model(graph, opset_imports=domains, ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    return torch.from_numpy(session.run(None, {"x": x.numpy()})[0])


@pytest.mark.parametrize(
    ("rows", "inputs", "outputs", "divisor"),
    [(1, 1, 1, 1), (7, 33, 5, 101), (32, 784, 10, 4001), (64, 576, 64, 2999), (3, 300, 100, 777)],
)
def test_the_integer_layer_is_bit_exact_against_onnx_runtime(rows, inputs, outputs, divisor):
    # ONNX Runtime multiplies by a float32 and rounds halves to even; we do neither. The sums are the same
    # integers, and an odd divisor d leaves no room for a difference: no sum / d lies closer to a half than
    # 1 / 2d, which is more than the float32 error of any code. Codes up to 127 keep older processors, which
    # add pairs of products in 16 bits, from saturating.
    x = codes_like((rows, inputs), 0, 127, dtype=torch.uint8)
    weight = codes_like((outputs, inputs), -127, 127, seed=1, dtype=torch.int8)
    bias = codes_like((outputs,), -50 * divisor, 50 * divisor, seed=2)
    codes = integer_linear(x, 61, weight, bias, *fixed_point(1 / divisor), 120)
    assert torch.equal(codes, onnx_linear(x, 61, weight, bias, divisor, 120).int())
    if rows > 1:
        assert len(codes.unique()) > 10  # not all clamped


class Dtypes(TorchDispatchMode):
    """Notes the dtype of every tensor that an operation takes or gives."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for value in (*args, result):
            self.seen |= {value.dtype} if isinstance(value, torch.Tensor) else set()
        return result


def test_the_integer_layer_uses_no_floating_point_number():
    with Dtypes() as dtypes:
        integer_linear(
            codes_like((4, 6), 0, 255), 3, codes_like((5, 6), -127, 127, dtype=torch.int8),
            codes_like((5,), -9, 9), *fixed_point(0.01), 7,
        )  # fmt: skip
    assert dtypes.seen and not any(dtype.is_floating_point for dtype in dtypes.seen)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64])
def test_input_codes_may_have_any_width(dtype):
    x, weight = torch.tensor([[0, 100, 127]], dtype=dtype), torch.full((1, 3), 127, dtype=torch.int8)
    codes = integer_linear(x, 100, weight, torch.zeros(1, dtype=torch.int32), 2**30, 30, 0, **INT32)
    assert codes.tolist() == [[127 * (-100 + 0 + 27)]]


@pytest.mark.parametrize("per_channel", [True, False])
def test_a_quantized_linear_layer_computes_what_integers_compute(per_channel):
    torch.manual_seed(0)
    layer, x = nn.Linear(40, 7), random((9, 40))
    quantized = QuantizedLayer(
        layer, weight_bits=8, per_channel=per_channel, input_range=minmax_range(x), input_bits=8
    )
    codes = quantize(x, quantized.input_scale, quantized.input_zero, low=0, high=255).long()
    sums = (codes - quantized.input_zero) @ quantized.codes.long().T + quantized.bias.long()
    assert torch.allclose(quantized(x), sums.float() * quantized.input_scale * quantized.scales, rtol=1e-6)
    assert (quantized(x) - layer(x)).abs().max() < 0.05


def test_the_bias_of_a_channel_of_tiny_weights_survives():
    layer = nn.Conv2d(1, 2, 1)
    layer.weight.data[:, 0, 0, 0] = torch.tensor([1.0, 1e-13])
    layer.bias.data[:] = torch.tensor([0.25, 0.5])
    model, x = nn.Sequential(layer), torch.rand(1, 1, 2, 2)
    assert torch.allclose(quantize_network(model, [x])(x), layer(x), atol=0.01)


def randomised(name):
    torch.manual_seed(0)
    model = NETS[name]()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for value in (module.weight.data, module.bias.data, module.running_mean, module.running_var):
                value.copy_(torch.rand(value.shape) + 0.5)
    return model


@pytest.mark.parametrize("name", sorted(set(NETS) - {"teacher"}))
def test_a_folded_network_computes_the_same_without_batch_norm(name):
    model = randomised(name)
    before = copy.deepcopy(model.state_dict())
    x = random((2, 1, 28, 28) if "lenet" in name else (2, 3, 32, 32))
    folded = fold_network(model)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    with torch.no_grad():
        expected = copy.deepcopy(model).eval()(x)
        assert torch.allclose(folded(x), expected, rtol=1e-3, atol=1e-4 * expected.abs().max().item())
    assert model.training and all(
        torch.equal(value, before[key]) for key, value in model.state_dict().items()
    )


def test_a_batch_norm_that_cannot_be_folded_stays():
    for model in (
        nn.Sequential(nn.BatchNorm2d(1), nn.Conv2d(1, 2, 3)),
        nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.BatchNorm2d(2)),
        nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.BatchNorm2d(2)),
    ):
        norm = next(module for module in model if isinstance(module, nn.BatchNorm2d))
        norm.weight.data.mul_(-1)  # a negative gamma turns the largest into the smallest
        folded = fold_network(model)
        assert any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
        x = torch.rand(1, 1, 8, 8)
        assert torch.allclose(folded(x), model.eval()(x), atol=1e-6)


@pytest.mark.parametrize("name", ["lenet_300_100", "lenet_5", "resnet_8", "resnet_20", "student"])
def test_a_quantized_network_holds_integers_and_leaves_the_model_alone(name):
    model = randomised(name)
    before = copy.deepcopy(model.state_dict())
    x = random((4, 1, 28, 28) if "lenet" in name else (4, 3, 32, 32))
    quantized = quantize_network(model, x.split(2))
    assert not list(quantized.parameters())
    weights = {key: value for key, value in quantized.state_dict().items() if key.endswith("codes")}
    assert sum(value.numel() for value in weights.values()) == sum(
        value.numel() for key, value in before.items() if value.dim() >= 2
    )
    assert {value.dtype for value in weights.values()} == {torch.int8}
    with torch.no_grad():
        expected = copy.deepcopy(model).eval()(x)
        off = (quantized(x) - expected).square().mean().sqrt() / expected.std()
    assert off < 0.1
    assert model.training and all(
        torch.equal(value, before[key]) for key, value in model.state_dict().items()
    )


def test_what_cannot_be_quantized_is_said():
    model = nn.Sequential(nn.Conv2d(1, 2, 3))
    for bits in (1, 9):
        with pytest.raises(ValueError, match=f"bits must lie in 2 .. 8, got {bits}"):
            quantize_network(model, [torch.rand(1, 1, 4, 4)], bits=bits)
        with pytest.raises(ValueError, match=f"bits must .*, got {bits}"):
            quantize_per_channel(torch.ones(2, 2), bits=bits)
        with pytest.raises(ValueError, match=f"weight_bits must .*, got {bits}"):
            quantize_layers(model, weight_bits=bits)
    with pytest.raises(ValueError, match="batches must hold at least one batch"):
        quantize_network(model, [])
    with pytest.raises(ValueError, match="padding_mode"):
        quantize_layers(nn.Sequential(nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect")))
    for function, knobs in (
        (symmetric_scale, {"bits": 1}),
        (percentile_range, {"coverage": 1.5}),
        (mse_range, {"steps": 0}),
    ):
        name, value = next(iter(knobs.items()))
        with pytest.raises(ValueError, match=f"{name} must .*, got {value}"):
            function(torch.ones(3), **knobs)
    with pytest.raises(ValueError, match="bits must be at least 1, got 0"):
        affine_params(0.0, 1.0, bits=0)
    with pytest.raises(ValueError, match="high must be at least low"):
        affine_params(1.0, 0.0)


@pytest.mark.parametrize("name", ["lenet_5", "resnet_8", "student"])
def test_eight_bits_cost_at_most_two_tenths_of_a_point(name):
    load, dataset = (mnist, "mnist") if name == "lenet_5" else (cifar10, "cifar10")
    test, model = load("test").take(slice(0, 2000)), load_checkpoint(name)
    images = to_float(load("train").images[:256], dataset)
    quantized = quantize_network(model, images.split(64))
    assert accuracy(quantized, test, dataset=dataset) >= accuracy(model, test, dataset=dataset) - 0.002


def budget_bytes(answer):
    """Codes at the least width that tells them apart, and four bytes a scale."""
    total = 0
    for codes, scales in answer.values():
        width = int(codes.max().int() - codes.min().int()).bit_length()
        total += -(-codes.numel() * width // 8) + 4 * scales.numel()
    return total


@pytest.mark.parametrize("bits", [2.0, 2.7, 4.0, 9.0])
def test_a_budget_is_kept_and_the_model_too(bits):
    torch.manual_seed(0)
    layers = [
        nn.Conv2d(3, 6, 3, 2, 1),
        nn.ReLU(),
        nn.Conv2d(6, 8, 3, groups=2),
        nn.Flatten(),
        nn.Linear(32, 5),
    ]
    model, x = nn.Sequential(*layers), random((20, 3, 8, 8))
    before = copy.deepcopy(model.state_dict())
    weights = {name: p for name, p in model.named_parameters() if p.dim() > 1}
    most = math.ceil(sum(p.numel() for p in weights.values()) * bits / 8) + 4 * 19 + 3
    answer = quantize_in_budget(model, x, max_bytes=most)
    assert budget_bytes(answer) <= most
    assert {name: (codes.shape, codes.dtype) for name, (codes, _) in answer.items()} == {
        name: (p.shape, torch.int8) for name, p in weights.items()
    }
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    with pytest.raises(ValueError, match=r"max_bytes must be at least .* got 100"):
        quantize_in_budget(model, x, max_bytes=100)


def test_feedback_loses_less_than_rounding_to_the_nearest():
    torch.manual_seed(0)
    x = random((500, 40)) @ random((40, 40), 1)  # inputs that depend on each other
    layer = nn.Linear(40, 10, bias=False)
    scales = symmetric_scale(layer.weight.detach(), bits=3, axis=0)
    with torch.no_grad():
        fed = quantization._round_with_feedback(layer, x, scales, bits=3)
        plain = quantize(layer.weight, scales.view(-1, 1), 0, low=-3, high=3)
        errors = [
            (x @ (codes * scales.view(-1, 1) - layer.weight).T).square().mean() for codes in (fed, plain)
        ]
    assert errors[0] < 0.5 * errors[1]


@pytest.mark.parametrize(("weight_bits", "activation_bits"), [(8, 8), (5, None), (2, 4)])
def test_a_file_gives_back_the_network_at_its_own_width(tmp_path, weight_bits, activation_bits):
    torch.manual_seed(0)
    layers = [nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(216, 40, bias=False), nn.Linear(40, 3)]
    model, x = nn.Sequential(*layers), random((5, 1, 8, 8))
    knobs = {"weight_bits": weight_bits, "activation_bits": activation_bits}
    network = quantize_layers(model, [x], **knobs)
    save_quantized(tmp_path / "net", network)
    back = quantize_layers(nn.Sequential(*[copy.deepcopy(layer) for layer in layers]))
    load_quantized_(tmp_path / "net", back)
    assert torch.equal(back(x), network(x))
    count = sum(p.numel() for p in model.parameters() if p.dim() > 1)
    size = os.path.getsize(tmp_path / "net")
    assert count * weight_bits / 8 <= size <= count * weight_bits / 8 + 49 * 8 + 1200


@given(st.data())
def test_a_damaged_file_of_a_network_is_named(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("quantized") / "net.safetensors"
    network = quantize_layers(nn.Sequential(nn.Linear(4, 3)), [random((2, 4))], activation_bits=8)
    save_quantized(path, network)
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(ValueError, match=r"net\.safetensors: damaged"):
        load_quantized_(path, network)


def test_a_network_with_other_numbers_is_not_written(tmp_path):
    network = quantize_layers(nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.BatchNorm2d(2)))
    with pytest.raises(ValueError, match="network must hold quantized layers alone"):
        save_quantized(tmp_path / "net", network)
    assert not list(tmp_path.iterdir())


def test_clipped_weights_lose_less_and_keep_their_codes():
    model = nn.Sequential(nn.Linear(300, 4))
    model[0].weight.data = random((4, 300))
    plain, clipped = (
        quantize_layers(net, weight_bits=3).get_submodule("0") for net in (model, clip_weights(model, bits=3))
    )
    errors = [
        ((layer.codes * layer.scales[:, None] - model[0].weight) ** 2).sum() for layer in (plain, clipped)
    ]
    assert errors[1] < 0.7 * errors[0]
