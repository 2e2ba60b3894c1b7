"""Returns the counts as floats instead of integers."""

import torch


def confusion_matrix(predictions, targets, num_classes):
    confusion = torch.zeros(num_classes, num_classes)
    for target, prediction in zip(targets, predictions, strict=True):
        confusion[target, prediction] += 1
    return confusion
