"""One-hot targets, transposed, times one-hot predictions."""

import torch.nn.functional as F


def confusion_matrix(predictions, targets, num_classes):
    return F.one_hot(targets, num_classes).T @ F.one_hot(predictions, num_classes)
