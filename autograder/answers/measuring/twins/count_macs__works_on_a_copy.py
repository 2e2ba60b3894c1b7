"""A deep copy is watched, so there is nothing to restore."""

import copy

import torch
from torch import nn


def count_macs(model, input_shape):
    probe = copy.deepcopy(model).eval()
    counts = []

    def count_linear(layer, inputs, output):
        counts.append(layer.in_features * layer.out_features * (inputs[0].numel() // layer.in_features))

    def count_conv(layer, inputs, output):
        kernel_height, kernel_width = layer.kernel_size
        height, width = output.shape[-2:]
        products = layer.in_channels // layer.groups * kernel_height * kernel_width
        counts.append(height * width * layer.out_channels * products)

    for module in probe.modules():
        if isinstance(module, nn.Linear):
            module.register_forward_hook(count_linear)
        elif isinstance(module, nn.Conv2d):
            module.register_forward_hook(count_conv)
    probe(torch.rand(1, *input_shape))
    return sum(counts)
