"""A lazy layer that is settled by one image before it is returned."""

import torch
from torch import nn


def small_cnn(image_shape, widths, *, kernel_size=3, padding=0, classes=10):
    layers, channels = [], image_shape[0]
    for outputs in widths:
        layers.extend((nn.Conv2d(channels, outputs, kernel_size, 1, padding), nn.ReLU(), nn.MaxPool2d(2)))
        channels = outputs
    network = nn.Sequential(*layers, nn.Flatten(start_dim=1), nn.LazyLinear(classes))
    try:
        network(torch.zeros((1, *image_shape)))
    except RuntimeError:
        raise ValueError("image_shape is too small") from None
    return network
