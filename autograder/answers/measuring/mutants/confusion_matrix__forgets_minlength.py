"""Fails when the highest class does not occur."""

import torch


def confusion_matrix(predictions, targets, num_classes):
    counts = torch.bincount(targets * num_classes + predictions)
    return counts.view(num_classes, num_classes)
