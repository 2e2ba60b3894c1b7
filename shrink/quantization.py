"""Quantization: numbers on an integer grid, code = round(x / scale) + zero_point, and whole networks."""

import copy
import json
import math
import os
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, fx, nn

INT32 = (-(2**31), 2**31 - 1)
Range = tuple[float, float]


def affine_params(low: float, high: float, *, bits: int = 8) -> tuple[float, int]:
    """Lays the codes 0 .. 2^bits - 1 over a range so that the real number 0.0 is one of them.

    Formula: with the range widened to contain 0, scale = (high - low) / (2^bits - 1) and
    zero_point = round(-low / scale), the code of 0.0.

    Args:
        low: lower end of the range, in the unit of the numbers.
        high: upper end, >= low.
        bits: width of a code, >= 1.

    Returns:
        scale: the distance of two neighbouring codes, > 0.
        zero_point: an int in 0 .. 2^bits - 1; low = high = 0 gives (1.0, 0).

    Raises:
        ValueError: bits < 1 or high < low.

    Source: Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference", section 2.1 and equation 13.

    >>> affine_params(-1.0, 1.0, bits=2)
    (0.6666666666666666, 2)
    """
    if bits < 1:
        raise ValueError(f"bits must be at least 1, got {bits}")
    if not high >= low:
        raise ValueError(f"high must be at least low = {low}, got {high}")
    low, high, top = min(float(low), 0.0), max(float(high), 0.0), 2**bits - 1
    scale = (high - low) / top
    if scale == 0:  # nothing but zeros, or a range too small for a float
        return 1.0, 0
    return scale, min(max(round(-low / scale), 0), top)


def symmetric_scale(weight: Tensor, *, bits: int = 8, axis: int | None = None) -> Tensor:
    """Chooses the scale of codes that lie symmetrically around zero, so that the zero point is 0.

    Formula: scale = max |w| / (2^(bits-1) - 1), over the whole tensor or for each index along `axis`.

    Args:
        weight: float32, any shape.
        bits: width of a code, >= 2: one level is zero, the others come in pairs.
        axis: None for one scale, or the dimension of which each index has its own.

    Returns:
        float32 of shape () or (weight.shape[axis],), > 0; a group of zeros alone has scale 1.

    Raises:
        ValueError: bits < 2.

    Source: Krishnamoorthi 2018, "Quantizing deep convolutional networks", sections 2.2 and 2.4.

    >>> symmetric_scale(torch.tensor([[1.27, -0.5], [0.0, 0.0]]), axis=0)
    tensor([0.0100, 1.0000])
    """
    if bits < 2:
        raise ValueError(f"bits must be at least 2, got {bits}")
    groups = weight.reshape(1, -1) if axis is None else weight.movedim(axis, 0).unsqueeze(-1).flatten(1)
    groups = F.pad(groups.abs(), (0, 1))  # one more zero: the largest of no number is 0
    scales = groups.amax(dim=1) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales > 0, scales, torch.ones_like(scales))
    return scales[0] if axis is None else scales


def quantize(x: Tensor, scale: float | Tensor, zero_point: int | Tensor, *, low: int, high: int) -> Tensor:
    """Gives each number the code of the nearest grid point; beyond the ends of the grid, the end's.

    Formula: code = clamp(round(x / scale) + zero_point, low, high), halves to the even neighbour.

    Args:
        x: float32, any shape.
        scale: > 0, a float or a tensor that broadcasts with `x`.
        zero_point: the code of 0.0.
        low: smallest code.
        high: largest code.

    Returns:
        int32, the shape of `x`.

    Source: Jacob et al. 2018, section 2.1 and equation 12.

    >>> quantize(torch.tensor([-1.0, 0.0, 0.025, 2.0]), 0.01, 100, low=0, high=255)
    tensor([  0, 100, 102, 255], dtype=torch.int32)
    """
    # The order matters: a cast to 8 bits before the clamp would turn 300 into 44 instead of 255.
    codes = torch.round(x / scale).double() + zero_point
    return codes.clamp(low, high).to(torch.int32)


def dequantize(codes: Tensor, scale: float | Tensor, zero_point: int | Tensor) -> Tensor:
    """Turns codes back into the numbers they stand for.

    Formula: x = (code - zero_point) * scale.

    Args:
        codes: any integer dtype and shape.
        scale: a float or a tensor that broadcasts with `codes`.
        zero_point: the code of 0.0.

    Returns:
        float32, the shape of `codes`.

    Source: Jacob et al. 2018, equation 1.

    >>> dequantize(torch.tensor([0, 100, 255]), 0.5, 100)
    tensor([-50.0000,   0.0000,  77.5000])
    """
    # In 8 bits the difference would wrap around: uint8 0 - 100 is 156.
    return (codes.to(torch.int64) - zero_point).float() * scale


def quantize_per_channel(weight: Tensor, *, bits: int = 8, axis: int = 0) -> tuple[Tensor, Tensor]:
    """Quantizes a weight symmetrically with one scale for each channel, so that small channels keep detail.

    Formula: code = round(w / scale_c), scale_c = max over channel c of |w| / (2^(bits-1) - 1).

    Args:
        weight: float32, for instance (out, in) or (out, in, kh, kw).
        bits: width of a code, 2 to 8.
        axis: the dimension of the channels.

    Returns:
        codes: int8, the shape of `weight`, within +-(2^(bits-1) - 1).
        scales: float32 (weight.shape[axis],).

    Raises:
        ValueError: bits lies outside 2 .. 8.

    Source: Krishnamoorthi 2018, section 2.4; Jacob et al. 2018, section 3 (-128 is not used).

    >>> quantize_per_channel(torch.tensor([[1.27, -0.635], [0.0127, 0.0]]))[0]
    tensor([[127, -64],
            [127,   0]], dtype=torch.int8)
    """
    if not 2 <= bits <= 8:
        raise ValueError(f"bits must lie in 2 .. 8, got {bits}")
    top = 2 ** (bits - 1) - 1
    scales = symmetric_scale(weight, bits=bits, axis=axis)
    along = [1] * weight.dim()
    along[axis] = -1
    return quantize(weight, scales.view(along), 0, low=-top, high=top).to(torch.int8), scales


def minmax_range(x: Tensor) -> Range:
    """The smallest and the largest number: nothing is clipped, and one outlier decides.

    Args:
        x: float32, any shape, at least one number.

    Returns:
        (low, high), two floats.

    Source: Krishnamoorthi 2018, section 2.5.

    >>> minmax_range(torch.tensor([0.5, -2.0, 1.0]))
    (-2.0, 1.0)
    """
    return x.min().item(), x.max().item()


def percentile_range(x: Tensor, *, coverage: float = 0.999) -> Range:
    """The range that holds a given part of the numbers; the rest is cut off, half of it at each end.

    Formula: the quantiles (1 - coverage) / 2 and (1 + coverage) / 2, linear between neighbours.

    Args:
        x: float32, any shape, at least one number.
        coverage: the part that stays inside, in [0, 1].

    Returns:
        (low, high), two floats.

    Raises:
        ValueError: coverage lies outside [0, 1].

    Source: Wu et al. 2020, "Integer Quantization for Deep Learning Inference", section 3.3.

    >>> percentile_range(torch.arange(101.0), coverage=0.5)
    (25.0, 75.0)
    """
    if not 0 <= coverage <= 1:
        raise ValueError(f"coverage must lie in [0, 1], got {coverage}")
    # torch.quantile stops at 16 million numbers; a few images through a conv net are more.
    ends = np.quantile(x.detach().double().numpy(), [(1 - coverage) / 2, (1 + coverage) / 2])
    return float(ends[0]), float(ends[1])


def mse_range(x: Tensor, *, bits: int = 8, steps: int = 100) -> Range:
    """The range of least quantization error: it clips the rare large numbers when the others gain by it.

    Formula: of the ranges f * (min x, max x), f = 1/steps, 2/steps, ..., 1, the one with the least mean of
    (x - dequantize(quantize(x)))^2, quantized with `affine_params` of that range.

    Args:
        x: float32, any shape, at least one number.
        bits: width of a code, >= 1.
        steps: how many ranges are tried, >= 1.

    Returns:
        (low, high), two floats.

    Raises:
        ValueError: bits < 1 or steps < 1.

    Source: Choukroun et al. 2019, "Low-bit Quantization of Neural Networks for Efficient Inference", 3.2.

    >>> mse_range(torch.tensor([0.0, 1.0, 2.0, 3.0]), bits=2)
    (0.0, 3.0)
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    low, high = minmax_range(x)
    least, best = math.inf, (low, high)
    for step in range(steps, 0, -1):
        tried = (low * step / steps, high * step / steps)
        scale, zero_point = affine_params(*tried, bits=bits)
        codes = quantize(x, scale, zero_point, low=0, high=2**bits - 1)
        error = (dequantize(codes, scale, zero_point) - x).square().mean(dtype=torch.float64).item()
        if error < least:
            least, best = error, tried
    return best


def fold_batchnorm(conv: nn.Conv2d, bn: nn.BatchNorm2d) -> nn.Conv2d:
    """Makes one convolution of a convolution and the batch norm behind it, as both act in eval mode.

    Formula: with f_o = gamma_o / sqrt(var_o + eps), w'_o = f_o w_o and b'_o = beta_o + f_o (b_o - mean_o).

    Args:
        conv: with or without bias, any groups; left as it is.
        bn: over the convolution's output channels, with running statistics; left as it is.

    Returns:
        A new convolution with a bias that equals `bn(conv(x))` in eval mode.

    Raises:
        ValueError: bn has no running statistics, so that its output depends on the whole batch.

    Source: Jacob et al. 2018, section 3.2 and equation 14.

    >>> conv, bn = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2).eval()
    >>> x = torch.ones(1, 1, 5, 5)
    >>> torch.allclose(fold_batchnorm(conv, bn)(x), bn(conv(x)), atol=1e-6)
    True
    """
    if bn.running_mean is None or bn.running_var is None:
        raise ValueError(f"bn must have running statistics, got {bn}")
    factor = (bn.running_var.double() + bn.eps).rsqrt()  # (out,)
    shift = torch.zeros_like(factor)
    if bn.affine:
        factor, shift = factor * bn.weight.detach(), bn.bias.detach().double()
    bias = torch.zeros_like(factor) if conv.bias is None else conv.bias.detach()
    folded = copy.deepcopy(conv)
    folded.weight = nn.Parameter((conv.weight.detach() * factor.view(-1, 1, 1, 1)).to(conv.weight.dtype))
    folded.bias = nn.Parameter((shift + factor * (bias - bn.running_mean)).to(conv.weight.dtype))
    return folded


def fixed_point(multiplier: float) -> tuple[int, int]:
    """Writes a positive number as an integer of 31 bits and a power of two, for processors without floats.

    Formula: multiplier = mantissa * 2^-shift, up to one part in 2^30.

    Args:
        multiplier: > 0 and finite, such as scale_x * scale_w / scale_out.

    Returns:
        mantissa: an int in [2^30, 2^31).
        shift: an int; negative for multipliers from 2^31 on.

    Raises:
        ValueError: multiplier is not a positive number.

    Source: Jacob et al. 2018, section 2.2 and equation 6.

    >>> fixed_point(0.75)
    (1610612736, 31)
    """
    if not 0 < multiplier < math.inf:
        raise ValueError(f"multiplier must be positive and finite, got {multiplier}")
    fraction, exponent = math.frexp(multiplier)  # multiplier = fraction * 2^exponent, fraction in [0.5, 1)
    mantissa = round(fraction * 2**31)
    if mantissa == 2**31:  # 0.9999999999 rounds up to the next power of two
        mantissa, exponent = 2**30, exponent + 1
    return mantissa, 31 - exponent


def requantize(
    accumulator: Tensor, mantissa: int | Tensor, shift: int | Tensor, zero_point: int, *, low: int, high: int
) -> Tensor:
    """Brings 32-bit sums to the scale of the next layer's codes, with integer arithmetic alone.

    Formula: code = clamp(round(a * mantissa * 2^-shift) + zero_point, low, high), halves away from zero.

    Args:
        accumulator: int32, any shape.
        mantissa: in [2^30, 2^31), as from `fixed_point`; a tensor broadcasts (one for each channel).
        shift: as from `fixed_point`.
        zero_point: the output's code of 0.0.
        low: smallest code.
        high: largest code.

    Returns:
        int32, the shape of `accumulator`.

    Source: Jacob et al. 2018, section 2.2; the rounding is that of gemmlowp's rounding shift, in one step.

    >>> requantize(torch.tensor([-5, -3, 3, 5], dtype=torch.int32), 2**30, 31, 10, low=0, high=255)
    tensor([ 7,  8, 12, 13], dtype=torch.int32)
    """
    product = accumulator.long() * mantissa  # below 2^62, so that half of 2^63 can still be added
    right = torch.as_tensor(shift).clamp(0, 63)
    half = (torch.ones_like(right) << right.clamp(max=62)) >> 1
    half = torch.where(right == 63, 2**62, half)
    rounded = ((product.abs() + half) >> right) * product.sign()
    # A multiplier from 2^30 on: what the shift to the left would push out of 64 bits is clamped anyway.
    left = (-torch.as_tensor(shift)).clamp(0, 29)
    rounded = torch.where(left > 0, rounded.clamp(-(2**33), 2**33) << left, rounded)
    return (rounded + zero_point).clamp(low, high).to(torch.int32)


def integer_linear(
    x: Tensor,
    x_zero: int,
    weight: Tensor,
    bias: Tensor,
    mantissa: int | Tensor,
    shift: int | Tensor,
    out_zero: int,
    *,
    low: int = 0,
    high: int = 255,
) -> Tensor:
    """A linear layer from codes to codes: no floating-point number occurs anywhere.

    Formula: code_o = requantize(sum over i of (x_i - x_zero) weight_oi + bias_o).

    Args:
        x: codes (N, in), any integer dtype.
        x_zero: the input's code of 0.0.
        weight: int8 codes (out, in), symmetric.
        bias: int32 (out,), in steps of scale_x * scale_w.
        mantissa: of scale_x * scale_w / scale_out, by `fixed_point`.
        shift: the other half of it.
        out_zero: the output's code of 0.0.
        low: smallest output code.
        high: largest output code.

    Returns:
        int32 codes (N, out).

    Source: Jacob et al. 2018, sections 2.2 to 2.4 and equation 4.

    >>> x, weight = torch.tensor([[10, 12]]), torch.tensor([[3, -1], [100, 0]], dtype=torch.int8)
    >>> integer_linear(x, 10, weight, torch.tensor([6, 40], dtype=torch.int32), 2**30, 31, 0)
    tensor([[ 2, 20]], dtype=torch.int32)
    """
    centred = x.to(torch.int32) - x_zero  # (N, in)
    sums = centred @ weight.to(torch.int32).T + bias  # (N, out), int32
    return requantize(sums, mantissa, shift, out_zero, low=low, high=high)


class QuantizedLayer(nn.Module):
    """A convolution or linear layer of integers: int8 weight codes, and codes for its input if calibrated.

    The sums of integers are formed by the float unit, which holds every integer below 2^24 exactly.
    """

    codes: Tensor  # int8 (out, ...)
    scales: Tensor  # float32 (out,), or () for one scale
    bias: Tensor | None  # int32 (out,) in steps of input_scale * scales; float32 if the input stays float

    def __init__(
        self,
        layer: nn.Conv2d | nn.Linear,
        *,
        weight_bits: int,
        per_channel: bool,
        input_range: Range | None,
        input_bits: int,
    ) -> None:
        super().__init__()
        self.input_scale, self.input_zero, self.input_high = 1.0, 0, 0
        if input_range is not None:
            self.input_scale, self.input_zero = affine_params(*input_range, bits=input_bits)
            self.input_high = 2**input_bits - 1
        weight, bias = layer.weight.detach(), None if layer.bias is None else layer.bias.detach()
        scales = symmetric_scale(weight, bits=weight_bits, axis=0 if per_channel else None)
        if self.input_high and bias is not None:
            # A channel of tiny weights has tiny steps, of which its bias may need more than 2^31.
            needed = bias.abs() / (2**30 * self.input_scale)
            scales = scales.maximum(needed if per_channel else needed.max())
            bias = quantize(bias, self.input_scale * scales, 0, low=INT32[0], high=INT32[1])
        top = 2 ** (weight_bits - 1) - 1
        along = (-1, *[1] * (weight.dim() - 1))
        codes = quantize(weight, scales.view(along), 0, low=-top, high=top)
        self.register_buffer("codes", codes.to(torch.int8))
        self.register_buffer("scales", scales)
        self.register_buffer("bias", bias)
        self.convolution: dict[str, Any] = {}
        if isinstance(layer, nn.Conv2d):
            if layer.padding_mode != "zeros":
                raise ValueError(f"padding_mode must be 'zeros', got {layer.padding_mode!r}")
            self.convolution = {
                name: getattr(layer, name) for name in ("stride", "padding", "dilation", "groups")
            }

    def forward(self, x: Tensor) -> Tensor:
        if self.input_high:
            # `quantize` minus the zero point, three times as fast; padding with 0 is the code of 0.0
            low, high = -self.input_zero, self.input_high - self.input_zero
            x = torch.round(x / self.input_scale).clamp(low, high)
        weight, bias = self.codes.float(), None if self.bias is None else self.bias.float()
        scales = self.input_scale * self.scales  # (out,) or ()
        if not self.input_high and bias is not None:
            bias = bias / scales
        if self.convolution:
            return F.conv2d(x, weight, bias, **self.convolution) * scales.view(-1, 1, 1)
        return F.linear(x, weight, bias) * scales


def fold_network(model: nn.Module) -> fx.GraphModule:
    """A copy of a network in eval mode in which each batch norm is folded into the convolution before it.

    A max pooling in between does not hinder, if no gamma is negative: then it keeps the same pixel. A batch
    norm without such a convolution stays.

    Args:
        model: a network that `torch.fx` can trace; left as it is.

    Returns:
        The folded network, layers under their old names.
    """
    network = fx.symbolic_trace(copy.deepcopy(model).eval())
    calls = Counter(node.target for node in network.graph.nodes if node.op == "call_module")

    def module(node: object, kind: type[nn.Module]) -> Any:
        """The module that a node calls, if it is of this kind and only this node calls it."""
        if isinstance(node, fx.Node) and node.op == "call_module" and calls[node.target] == 1:
            called = network.get_submodule(str(node.target))
            return called if isinstance(called, kind) else None
        return None

    for node in list(network.graph.nodes):
        bn = module(node, nn.BatchNorm2d)
        if bn is None:
            continue
        before = source = node.args[0]
        if (
            module(before, nn.MaxPool2d)
            and len(before.users) == 1
            and (bn.weight is None or bn.weight.min() >= 0)
        ):
            source = before.args[0]
        conv = module(source, nn.Conv2d)
        if conv is not None and len(source.users) == 1:
            network.set_submodule(str(source.target), fold_batchnorm(conv, bn))
            node.replace_all_uses_with(before)
            network.graph.erase_node(node)
    network.delete_all_unused_submodules()
    network.recompile()
    return network


@torch.no_grad()
def quantize_layers(
    model: nn.Module,
    batches: Iterable[Tensor] = (),
    *,
    weight_bits: int = 8,
    activation_bits: int | None = None,
    per_channel: bool = True,
    activation_range: Callable[[Tensor], Range] = minmax_range,
    correct_bias: bool = False,
) -> nn.Module:
    """Quantizes the convolutions and linear layers of a trained network; what lies between stays float.

    Args:
        model: a network that `torch.fx` can trace; left as it is.
        batches: inputs (N, ...) on which the ranges of the activations and the corrections are measured.
        weight_bits: width of a weight's code, 2 to 8.
        activation_bits: width of the code of a layer's input; None leaves it float.
        per_channel: one scale for each output channel, or one for each tensor.
        activation_range: finds the range of a layer's input on one batch; the widest over the batches counts.
        correct_bias: takes the mean error of each output channel, measured on `batches`, off its bias.

    Returns:
        The quantized network in eval mode, from float inputs to float outputs; int8 weights as buffers.

    Raises:
        ValueError: bits out of range, or activations to be quantized and no batch to calibrate them.

    Source: Krishnamoorthi 2018, section 3.1; Nagel et al. 2021, "A White Paper on Quantization".
    """
    if not 2 <= weight_bits <= 8:
        raise ValueError(f"weight_bits must lie in 2 .. 8, got {weight_bits}")
    network = fold_network(model)
    layers = {n: m for n, m in network.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)}
    batches = list(batches)
    ranges: dict[str, Range] = {}
    if activation_bits is not None:
        ranges = _calibrate(network, layers, batches, activation_range)
    quantized = {
        name: QuantizedLayer(
            layer,
            weight_bits=weight_bits,
            per_channel=per_channel,
            input_range=ranges.get(name),
            input_bits=activation_bits or 0,
        )
        for name, layer in layers.items()
    }
    if correct_bias:
        _correct_biases(network, layers, quantized, batches)
    for name, layer in quantized.items():
        network.set_submodule(name, layer)
    return network.eval()


def _calibrate(
    network: nn.Module,
    layers: dict[str, nn.Conv2d | nn.Linear],
    batches: list[Tensor],
    activation_range: Callable[[Tensor], Range],
) -> dict[str, Range]:
    """The widest range of each layer's input over the batches."""
    ranges: dict[str, Range] = {}

    def watch(name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def widen(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            low, high = activation_range(inputs[0])
            before = ranges.get(name, (low, high))
            ranges[name] = min(low, before[0]), max(high, before[1])

        return widen

    hooks = [layer.register_forward_pre_hook(watch(name)) for name, layer in layers.items()]
    for batch in batches:
        network(batch)
    for hook in hooks:
        hook.remove()
    if layers and not ranges:
        raise ValueError("batches must hold at least one batch, got none")
    return ranges


def _correct_biases(
    network: nn.Module,
    layers: dict[str, nn.Conv2d | nn.Linear],
    quantized: dict[str, QuantizedLayer],
    batches: list[Tensor],
) -> None:
    """Moves each bias by the mean error of its channel, the layer's float input given (Nagel 2019, 4.2)."""
    errors: dict[str, list[Tensor]] = {name: [] for name in layers}

    def watch(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def compare(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            error = output - quantized[name](inputs[0])
            channels = error.movedim(1 if isinstance(layer, nn.Conv2d) else -1, 0)
            errors[name].append(channels.flatten(1).mean(dim=1))  # (out,)

        return compare

    hooks = [layer.register_forward_hook(watch(name)) for name, layer in layers.items()]
    for batch in batches:
        network(batch)
    for hook in hooks:
        hook.remove()
    for name, layer in quantized.items():
        if layer.bias is not None and errors[name]:
            error = torch.stack(errors[name]).mean(dim=0)
            if layer.input_high:
                error = quantize(error, layer.input_scale * layer.scales, 0, low=-(2**30), high=2**30)
            layer.bias += error


def quantize_network(model: nn.Module, batches: Iterable[Tensor], *, bits: int = 8) -> nn.Module:
    """Quantizes a trained convolutional network without training it again: weights and activations.

    Batch norm is folded into the convolutions, weights are quantized per channel, the ranges of the
    activations are measured on `batches`, and so are the mean errors that biases make up for. Additions,
    pooling and activation functions stay float.

    Args:
        model: one of the course's networks, trained; left as it is.
        batches: float32 inputs (N, C, H, W), a few hundred images in all; no labels.
        bits: width of the codes, 2 to 8.

    Returns:
        A module from float32 inputs to float32 logits; each weight of a convolution or linear layer is held
        as an integer buffer, none as a float parameter.

    Raises:
        ValueError: bits lies outside 2 .. 8, or there is no batch.

    Source: Jacob et al. 2018; Krishnamoorthi 2018, section 3.1; Nagel et al. 2019, "Data-Free Quantization
    Through Weight Equalization and Bias Correction", section 4.2.

    >>> model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU())
    >>> quantized = quantize_network(model, [torch.rand(4, 1, 8, 8)])
    >>> [(name, buffer.dtype) for name, buffer in quantized.named_buffers()]
    [('0.codes', torch.int8), ('0.scales', torch.float32), ('0.bias', torch.int32)]
    """
    if not 2 <= bits <= 8:
        raise ValueError(f"bits must lie in 2 .. 8, got {bits}")
    return quantize_layers(model, batches, weight_bits=bits, activation_bits=bits, correct_bias=True)


@torch.no_grad()
def quantize_in_budget(
    model: nn.Module, images: Tensor, *, max_bytes: int
) -> dict[str, tuple[Tensor, Tensor]]:
    """Quantizes the weights of a network so that they fit into a number of bytes at the least loss.

    Three steps: scales of least error; more bits for the tensors that disturb the outputs most; and rounding
    in which the weights still to come make up for the error of those already rounded.

    Formula: bytes = sum over the tensors of ceil(n * b / 8) + 4 * (number of scales), with b the least
    number of bits that tells apart the integers from the smallest to the largest code of the tensor.

    Args:
        model: ResNet-8 with its batch norm folded away, or any network of convolutions and linear layers,
            in eval mode; left as it is.
        images: float32 (N, C, H, W), calibration images, normalised as the model wants them; no labels.
        max_bytes: what codes and scales may take; biases do not count and stay float.

    Returns:
        name -> (codes, scales) for each parameter of two or more dimensions: int8 codes of its shape, and
        float32 scales (out,), so that codes * scales takes the place of the weight.

    Raises:
        ValueError: max_bytes is too few for codes of 2 bits.

    Source: Frantar et al. 2023, "GPTQ", section 3, after Hassibi and Stork 1993, "Optimal Brain Surgeon".

    >>> model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 10)).eval()
    >>> codes, scales = quantize_in_budget(model, torch.rand(2, 3, 8, 8), max_bytes=900)["2.weight"]
    >>> codes.shape, codes.dtype, scales.shape
    (torch.Size([10, 144]), torch.int8, torch.Size([10]))
    """
    model = copy.deepcopy(model).eval()
    layers = {f"{n}.weight": m for n, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)}
    bits = _share_bits(model, layers, images[:128], max_bytes)
    result = {}
    for name, layer in layers.items():
        scales = _least_error_scales(layer.weight, bits=bits[name])
        codes = _round_with_feedback(layer, _input_of(layer, model, images[:256]), scales, bits=bits[name])
        layer.weight.copy_(_scaled(codes, scales))  # the layers behind it see what this one puts out now
        result[name] = codes.to(torch.int8), scales
    return result


def _scaled(codes: Tensor, scales: Tensor) -> Tensor:
    return dequantize(codes, scales.view(-1, *[1] * (codes.dim() - 1)), 0)


def _least_error_scales(weight: Tensor, *, bits: int) -> Tensor:
    """For each channel, of 60 scales up to the symmetric one, the one of least squared error."""
    rows, top = weight.flatten(1), 2 ** (bits - 1) - 1  # (out, ...)
    widest = symmetric_scale(weight, bits=bits, axis=0)
    best, least = widest.clone(), torch.full_like(widest, math.inf)
    for factor in torch.linspace(1.0, 0.25, 60):
        scales = widest * factor
        codes = quantize(rows, scales.view(-1, 1), 0, low=-top, high=top)
        error = (_scaled(codes, scales) - rows).square().sum(dim=1)  # (out,)
        best, least = torch.where(error < least, scales, best), error.minimum(least)
    return best


def _share_bits(
    model: nn.Module, layers: dict[str, nn.Conv2d | nn.Linear], images: Tensor, max_bytes: int
) -> dict[str, int]:
    """A width for each tensor: step by step the one that brings the outputs back most for its bytes."""

    def size(name: str, bits: int) -> int:
        weight = layers[name].weight
        return -(-weight.numel() * bits // 8) + 4 * len(weight)

    bits = dict.fromkeys(layers, 2)
    left = max_bytes - sum(size(name, 2) for name in layers)
    if left < 0:
        raise ValueError(
            f"max_bytes must be at least {max_bytes - left} for codes of 2 bits, got {max_bytes}"
        )
    expected = model(images).log_softmax(dim=1)
    losses = {}
    for name, layer in layers.items():
        dense = layer.weight.clone()
        for width in range(2, 9):
            scales, top = _least_error_scales(dense, bits=width), 2 ** (width - 1) - 1
            along = scales.view(-1, *[1] * (dense.dim() - 1))
            layer.weight.copy_(_scaled(quantize(dense, along, 0, low=-top, high=top), scales))
            got = model(images).log_softmax(dim=1)
            losses[name, width] = F.kl_div(got, expected, reduction="batchmean", log_target=True).item()
        layer.weight.copy_(dense)
    while True:
        gains = {
            (name, width): (losses[name, bits[name]] - losses[name, width])
            / (size(name, width) - size(name, bits[name]))
            for name in layers
            for width in range(bits[name] + 1, 9)
            if size(name, width) - size(name, bits[name]) <= left
        }
        if not gains:
            return bits
        name, width = max(gains, key=lambda key: gains[key])
        left -= size(name, width) - size(name, bits[name])
        bits[name] = width


def _input_of(layer: nn.Module, model: nn.Module, images: Tensor) -> Tensor:
    """What reaches the layer when the model sees the images."""
    seen: list[Tensor] = []
    hook = layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    model(images)
    hook.remove()
    return seen[0]


def _round_with_feedback(layer: nn.Conv2d | nn.Linear, x: Tensor, scales: Tensor, *, bits: int) -> Tensor:
    """Codes of a layer's weights, rounded column by column; later columns take over what rounding lost.

    The loss |X w - X q|^2 is a quadratic form with the matrix X^T X: a column's rounding error is best made
    up for by moving the columns behind it along the rows of the inverse's Cholesky factor.
    """
    weight, top = layer.weight.flatten(1).clone(), 2 ** (bits - 1) - 1  # (out, k)
    if isinstance(layer, nn.Conv2d):
        if layer.groups != 1 or isinstance(layer.padding, str):  # rounded to the nearest
            return quantize(layer.weight, scales.view(-1, 1, 1, 1), 0, low=-top, high=top)
        x = F.unfold(x, layer.kernel_size, layer.dilation, layer.padding, layer.stride)  # (N, k, positions)
        x = x.transpose(1, 2)
    x = x.reshape(-1, weight.shape[1])  # (rows, k)
    gram = (x.T @ x / len(x)).double()
    gram += 0.01 * gram.diagonal().mean().clamp(min=1e-12) * torch.eye(len(gram))
    factor = torch.linalg.cholesky(torch.linalg.inv(gram), upper=True).float()  # (k, k)
    codes = torch.zeros_like(weight, dtype=torch.int32)
    for at in range(weight.shape[1]):
        codes[:, at] = quantize(weight[:, at], scales, 0, low=-top, high=top)
        error = (weight[:, at] - codes[:, at] * scales) / factor[at, at]  # (out,)
        weight[:, at + 1 :] -= error.view(-1, 1) * factor[at, at + 1 :]
    return codes.view(layer.weight.shape)


@torch.no_grad()
def clip_weights(model: nn.Module, *, bits: int) -> fx.GraphModule:
    """A folded copy of a network with each channel's weights clipped where `bits` bits lose least.

    Quantized with `quantize_layers` at this width, its codes are those of the scales of least error.

    Args:
        model: a network that `torch.fx` can trace; left as it is.
        bits: width of a code, >= 2.

    Source: Choukroun et al. 2019, "Low-bit Quantization of Neural Networks for Efficient Inference", 3.2.
    """
    network, top = fold_network(model), 2 ** (bits - 1) - 1
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            limit = _least_error_scales(layer.weight, bits=bits) * top  # (out,)
            limit = limit.view(-1, *[1] * (layer.weight.dim() - 1))
            layer.weight.copy_(layer.weight.clamp(-limit, limit))
    return network


def save_quantized(path: str | Path, network: nn.Module) -> None:
    """Writes a network of `quantize_layers` with as many bits a weight as its codes need.

    Formula: n codes within +-(2^(b-1) - 1) take ceil(n b / 8) bytes; each channel has a scale and a bias.

    Args:
        path: the file, in safetensors format; it appears whole or not at all.
        network: all of its parameters and buffers belong to quantized layers.

    Raises:
        ValueError: the network holds other numbers, such as a batch norm that could not be folded.
    """
    layers = [module for module in network.modules() if isinstance(module, QuantizedLayer)]
    held = sum(tensor.numel() for layer in layers for tensor in layer.buffers())
    if held != sum(tensor.numel() for tensor in network.state_dict().values()):
        raise ValueError(f"network must hold quantized layers alone, got {network}")
    stored, described = {}, []
    for number, layer in enumerate(layers):
        top = int(layer.codes.abs().max())
        bits = top.bit_length() + 1
        raised = (layer.codes.flatten().to(torch.int16) + top).to(torch.uint8).numpy()  # 0 .. 2 * top
        stored[f"{number}c"] = torch.from_numpy(
            np.packbits(np.unpackbits(raised[:, None], axis=1)[:, -bits:])
        )
        stored[f"{number}s"] = layer.scales
        if layer.bias is not None:
            stored[f"{number}b"] = layer.bias
        described.append([top, layer.input_scale, layer.input_zero, layer.input_high])
    unfinished = Path(f"{path}.part")
    save_file(stored, unfinished, metadata={"layers": json.dumps(described, separators=(",", ":"))})
    os.replace(unfinished, path)


def load_quantized_(path: str | Path, network: nn.Module) -> None:
    """Fills a network of `quantize_layers`, trained or not, from a file of `save_quantized`.

    Args:
        path: the file.
        network: made from the same architecture, at any width.

    Raises:
        ValueError: the file is damaged or of another network; the message names it.
    """
    layers = [module for module in network.modules() if isinstance(module, QuantizedLayer)]
    try:
        with safe_open(path, framework="pt") as file:
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, it is no dict
            described = json.loads((file.metadata() or {})["layers"])
        for number, (layer, (top, *of_input)) in enumerate(zip(layers, described, strict=True)):
            bits, count = top.bit_length() + 1, layer.codes.numel()
            flat = np.unpackbits(stored[f"{number}c"].numpy(), count=count * bits).reshape(count, bits)
            raised = np.packbits(np.pad(flat, ((0, 0), (8 - bits, 0))), axis=1)  # (n, 1)
            layer.codes = (torch.from_numpy(raised.astype(np.int16)) - top).view(layer.codes.shape).char()
            layer.scales, layer.bias = stored[f"{number}s"], stored.get(f"{number}b")
            layer.input_scale, layer.input_zero, layer.input_high = of_input
    except FileNotFoundError:
        raise
    except (SafetensorError, OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: damaged, or of another network ({error})") from error
