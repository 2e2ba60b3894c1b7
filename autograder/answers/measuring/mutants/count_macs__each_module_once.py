"""Counts a module once, although the forward pass uses it twice."""

import torch
from torch import nn


def count_macs(model, input_shape):
    counts = {}

    def count(layer, inputs, output):
        counts[layer] = output.numel() * layer.weight[0].numel()

    modes = [(m, m.training) for m in model.modules()]
    hooks = [m.register_forward_hook(count) for m, _ in modes if isinstance(m, (nn.Conv2d, nn.Linear))]
    try:
        model.eval()(torch.zeros(1, *input_shape))
    finally:
        for hook in hooks:
            hook.remove()
        for module, mode in modes:
            module.training = mode
    return sum(counts.values())
