"""Pools whatever comes to one position for each channel, so that the last layer sees less than asked for."""

from torch import nn


def small_cnn(image_shape, widths, *, kernel_size=3, padding=0, classes=10):
    channels = image_shape[0]
    layers = []
    for outputs in widths:
        layers += [nn.Conv2d(channels, outputs, kernel_size, padding=padding), nn.ReLU(), nn.MaxPool2d(2)]
        channels = outputs
    layers[-1] = nn.AdaptiveMaxPool2d(1)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels, classes))
