"""Rounds an odd size up when it is pooled."""

from torch import nn


def small_cnn(image_shape, widths, *, kernel_size=3, padding=0, classes=10):
    channels, height, width = image_shape
    layers = []
    for outputs in widths:
        layers += [nn.Conv2d(channels, outputs, kernel_size, padding=padding), nn.ReLU(), nn.MaxPool2d(2)]
        channels = outputs
        height = (height + 2 * padding - kernel_size + 2) // 2
        width = (width + 2 * padding - kernel_size + 2) // 2
    if min(height, width) < 1:
        raise ValueError(f"image_shape {image_shape} is too small for {len(widths)} stages")
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * height * width, classes))
