"""Builds a network also where nothing is left of the image."""

from torch import nn


def small_cnn(image_shape, widths, *, kernel_size=3, padding=0, classes=10):
    channels, height, width = image_shape
    layers = []
    for outputs in widths:
        layers += [nn.Conv2d(channels, outputs, kernel_size, padding=padding), nn.ReLU(), nn.MaxPool2d(2)]
        channels = outputs
        height = max(0, height + 2 * padding - kernel_size + 1) // 2
        width = max(0, width + 2 * padding - kernel_size + 1) // 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * height * width, classes))
