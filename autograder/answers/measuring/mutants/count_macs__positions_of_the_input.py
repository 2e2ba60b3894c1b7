"""Multiplies by the size of the input instead of the output of a convolution."""

import torch
from torch import nn


def count_macs(model, input_shape):
    total = 0

    def count(layer, inputs, output):
        nonlocal total
        if isinstance(layer, nn.Conv2d):
            height, width = inputs[0].shape[-2:]
            total += height * width * layer.weight.numel()
        else:
            total += output.numel() * layer.in_features

    modes = [(m, m.training) for m in model.modules()]
    hooks = [m.register_forward_hook(count) for m, _ in modes if isinstance(m, (nn.Conv2d, nn.Linear))]
    try:
        model.eval()(torch.zeros(1, *input_shape))
    finally:
        for hook in hooks:
            hook.remove()
        for module, mode in modes:
            module.training = mode
    return total
