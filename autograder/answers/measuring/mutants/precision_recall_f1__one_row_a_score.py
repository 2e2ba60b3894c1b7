"""Returns one row for each score instead of one for each class."""

import torch


def precision_recall_f1(confusion):
    hits = confusion.diagonal()
    predicted, actual = confusion.sum(dim=0), confusion.sum(dim=1)
    f1 = 2 * hits / (predicted + actual).clamp(min=1)
    return torch.stack([hits / predicted.clamp(min=1), hits / actual.clamp(min=1), f1])
