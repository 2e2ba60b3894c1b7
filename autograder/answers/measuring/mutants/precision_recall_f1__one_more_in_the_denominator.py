"""Adds 1 to every denominator to avoid a division by zero."""

import torch


def precision_recall_f1(confusion):
    hits = confusion.diagonal()
    predicted, actual = confusion.sum(dim=0), confusion.sum(dim=1)
    f1 = 2 * hits / (predicted + actual + 1)
    return torch.stack([hits / (predicted + 1), hits / (actual + 1), f1], dim=1)
