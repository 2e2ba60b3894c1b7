"""A loop over the pairs."""

import torch


def confusion_matrix(predictions, targets, num_classes):
    confusion = torch.zeros((num_classes, num_classes), dtype=torch.long)
    for target, prediction in zip(targets.tolist(), predictions.tolist(), strict=True):
        confusion[target][prediction] += 1
    return confusion
