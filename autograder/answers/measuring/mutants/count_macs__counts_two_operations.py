"""Counts multiplication and addition as two, which is twice the number of MACs."""

import torch
from torch import nn


def count_macs(model, input_shape):
    total = 0

    def count(layer, inputs, output):
        nonlocal total
        total += 2 * output.numel() * layer.weight[0].numel()

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
