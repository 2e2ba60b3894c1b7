"""Wrong predictions are not counted."""

import torch


def confusion_matrix(predictions, targets, num_classes):
    right = targets[predictions == targets]
    return torch.diag(torch.bincount(right, minlength=num_classes))
