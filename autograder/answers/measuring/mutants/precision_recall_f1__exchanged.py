"""Exchanges precision and recall."""

import torch


def precision_recall_f1(confusion):
    hits = confusion.diagonal()
    predicted, actual = confusion.sum(dim=0), confusion.sum(dim=1)
    precision, recall = hits / actual.clamp(min=1), hits / predicted.clamp(min=1)
    f1 = 2 * hits / (predicted + actual).clamp(min=1)
    return torch.stack([precision, recall, f1], dim=1)
