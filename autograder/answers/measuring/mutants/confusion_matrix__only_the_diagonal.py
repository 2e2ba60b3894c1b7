"""Counts right predictions alone and leaves out the wrong ones."""

import torch


def confusion_matrix(predictions, targets, num_classes):
    right = targets[predictions == targets]
    return torch.diag(torch.bincount(right, minlength=num_classes))
