"""Counts one more operation for the bias of each output."""

import torch
from torch import nn


def count_macs(model, input_shape):
    total = 0

    def count(layer, inputs, output):
        nonlocal total
        total += output.numel() * (layer.weight[0].numel() + (layer.bias is not None))

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
