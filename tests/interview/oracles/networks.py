"""Layers are built and counted: parameters by torch, operations by its counter, what is seen by gradients."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from shrink.quantization import fold_batchnorm


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def macs_of(model: nn.Module, *shape: int) -> int:
    """Half the FLOPs that torch counts in one pass of one input, on tensors without storage."""
    with FlopCounterMode(display=False) as counter:
        model.to("meta")(torch.empty(1, *shape, device="meta"))
    return int(counter.get_total_flops()) // 2


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False, device="meta")


def mlp_parameters(first: int, second: int) -> float:
    return count(nn.Sequential(*(nn.Linear(a, b) for a, b in pairwise((784, first, second, 10)))))


def conv_parameters(inputs: int, outputs: int, kernel: int, groups: int) -> float:
    return count(conv(inputs, outputs, kernel, groups=groups))


def conv_macs(inputs: int, outputs: int, kernel: int, size: int) -> float:
    return macs_of(conv(inputs, outputs, kernel, stride=2), inputs, size, size)


def separable(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(conv(inputs, inputs, kernel, groups=inputs), conv(inputs, outputs, 1))


def separable_macs(inputs: int, outputs: int, kernel: int, size: int) -> float:
    return macs_of(separable(inputs, outputs, kernel), inputs, size, size)


def separable_gain(outputs: int, kernel: int) -> float:
    inputs = 24  # any number: it cancels
    return macs_of(conv(inputs, outputs, kernel), inputs, 8, 8) / macs_of(
        separable(inputs, outputs, kernel), inputs, 8, 8
    )


def inverted_residual_macs(inputs: int, size: int, expansion: int) -> float:
    wide = inputs * expansion
    return macs_of(nn.Sequential(conv(inputs, wide, 1), separable(wide, inputs, 3)), inputs, size, size)


def flattened_features(size: int, kernel: int, first: int, second: int) -> float:
    net = nn.Sequential(
        nn.Conv2d(1, first, kernel), nn.MaxPool2d(2), nn.Conv2d(first, second, kernel), nn.MaxPool2d(2)
    )
    return net(torch.zeros(1, 1, size, size)).numel()


def receptive_field(kernel: int, strides: tuple[int, ...]) -> float:
    x = torch.zeros(1, 1, 600, requires_grad=True)
    y: Tensor = x
    for stride in strides:
        y = nn.functional.conv1d(y, torch.ones(1, 1, kernel), stride=stride)
    y[0, 0, y.shape[2] // 2].backward()
    assert x.grad is not None
    return int((x.grad != 0).sum())


def folded_batchnorm(channels: list[int]) -> float:
    before, after = 0, 0
    for inputs, outputs in pairwise([3, *channels]):
        layer, norm = nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs).eval()
        numbers = [*layer.state_dict().items(), *norm.state_dict().items()]
        before += sum(tensor.numel() for name, tensor in numbers if name != "num_batches_tracked")
        after += sum(tensor.numel() for tensor in fold_batchnorm(layer, norm).state_dict().values())
    return before - after


def peak_activations(size: int, first: int, second: int, third: int) -> float:
    x, peak = torch.empty(1, 3, size, size, device="meta"), 0
    for outputs, stride in ((first, 2), (second, 1), (third, 2)):
        y = conv(x.shape[1], outputs, 3, stride)(x)
        peak = max(peak, x.to(torch.int8).nbytes + y.to(torch.int8).nbytes)
        x = y
    return peak / 1e3
