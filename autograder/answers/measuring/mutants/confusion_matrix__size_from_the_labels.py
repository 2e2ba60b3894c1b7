"""Takes the size from the largest label instead of num_classes."""

import torch


def confusion_matrix(predictions, targets, num_classes):
    classes = int(torch.cat([predictions, targets]).max()) + 1
    cells = targets * classes + predictions
    return torch.bincount(cells, minlength=classes**2).view(classes, classes)
