"""Divides each row by its sum instead of returning counts."""

import torch


def confusion_matrix(predictions, targets, num_classes):
    cells = targets * num_classes + predictions
    confusion = torch.bincount(cells, minlength=num_classes**2).view(num_classes, num_classes)
    return confusion / confusion.sum(dim=1, keepdim=True).clamp(min=1)
