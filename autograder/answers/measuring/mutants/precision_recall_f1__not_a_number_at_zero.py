"""Returns NaN where a denominator is 0."""

import torch


def precision_recall_f1(confusion):
    hits = confusion.diagonal()
    precision, recall = hits / confusion.sum(dim=0), hits / confusion.sum(dim=1)
    return torch.stack([precision, recall, 2 * precision * recall / (precision + recall)], dim=1)
