"""One hook on all modules there are, and the positions computed from the input."""

import torch
from torch import nn


def count_macs(model, input_shape):
    def positions(layer, size, axis):
        padding = layer.padding if isinstance(layer.padding, str) else layer.padding[axis]
        reach = layer.dilation[axis] * (layer.kernel_size[axis] - 1)
        both = {"same": reach, "valid": 0}[padding] if isinstance(padding, str) else 2 * padding
        return (size + both - reach - 1) // layer.stride[axis] + 1

    total = 0

    def count(layer, inputs, output):
        nonlocal total
        if isinstance(layer, nn.Conv2d):
            height, width = (positions(layer, inputs[0].shape[axis - 2], axis) for axis in (0, 1))
            total += height * width * layer.weight.numel()
        elif isinstance(layer, nn.Linear):
            total += inputs[0].numel() * layer.out_features

    modes = {module: module.training for module in model.modules()}
    model.eval()
    hook = nn.modules.module.register_module_forward_hook(count)
    try:
        with torch.no_grad():
            model(torch.zeros(1, *input_shape))
        return total
    finally:
        hook.remove()
        for module, mode in modes.items():
            module.training = mode
