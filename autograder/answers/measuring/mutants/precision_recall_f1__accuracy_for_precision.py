"""Divides by all samples for precision instead of those predicted as the class."""

import torch


def precision_recall_f1(confusion):
    hits = confusion.diagonal()
    precision = hits / confusion.sum().clamp(min=1)
    recall = hits / confusion.sum(dim=1).clamp(min=1)
    f1 = 2 * precision * recall / (precision + recall).clamp(min=1e-12)
    return torch.stack([precision, recall, f1], dim=1)
