"""Takes the height of the image for its width, too."""

from torch import nn


def small_cnn(image_shape, widths, *, kernel_size=3, padding=0, classes=10):
    channels, size, _ = image_shape
    layers = []
    for outputs in widths:
        layers += [nn.Conv2d(channels, outputs, kernel_size, padding=padding), nn.ReLU(), nn.MaxPool2d(2)]
        channels = outputs
        size = (size + 2 * padding - kernel_size + 1) // 2
    if size < 1:
        raise ValueError(f"image_shape {image_shape} is too small for {len(widths)} stages")
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * size * size, classes))
