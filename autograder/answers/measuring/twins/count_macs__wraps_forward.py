"""The forward of each layer is wrapped for the time of one call; the mode of each module is restored."""

import math

import torch
from torch import nn


def count_macs(model, input_shape):
    modes = {module: module.training for module in model.modules()}
    layers = [m for m in model.modules() if type(m) in (nn.Linear, nn.Conv2d)]
    total = [0]

    def wrapped(layer):
        plain = layer.forward

        def forward(x):
            y = plain(x)
            total[0] += y.numel() * math.prod(layer.weight.shape[1:])
            return y

        return forward

    for layer in layers:
        layer.forward = wrapped(layer)
    model.eval()
    try:
        with torch.inference_mode():
            model(torch.ones((1, *input_shape)))
    finally:
        for layer in layers:
            del layer.forward
        for module, mode in modes.items():
            module.training = mode
    return total[0]
