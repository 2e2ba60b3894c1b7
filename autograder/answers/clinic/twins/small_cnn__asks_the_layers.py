"""Sends an image of zeros through the layers and looks at what comes out."""

import torch
from torch import nn


def small_cnn(image_shape, widths, *, kernel_size=3, padding=0, classes=10):
    net = nn.Sequential()
    for inputs, outputs in zip([image_shape[0], *widths[:-1]], widths, strict=True):
        net.append(nn.Conv2d(inputs, outputs, kernel_size, padding=padding))
        net.append(nn.ReLU(inplace=True))
        net.append(nn.MaxPool2d(kernel_size=2, stride=2))
    net.append(nn.Flatten())
    try:
        with torch.no_grad():
            flat = net(torch.zeros(1, *image_shape)).shape[1]
    except RuntimeError as error:
        raise ValueError(f"image_shape {image_shape}: nothing is left for the last layer") from error
    return net.append(nn.Linear(flat, classes))
