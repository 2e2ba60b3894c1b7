"""Divide first, then put 0 where 0 / 0 was."""

import torch


def precision_recall_f1(confusion):
    hits = torch.diag(confusion).float()
    precision = torch.nan_to_num(hits / confusion.sum(dim=0), nan=0.0)
    recall = torch.nan_to_num(hits / confusion.sum(dim=1), nan=0.0)
    f1 = torch.nan_to_num(2 * precision * recall / (precision + recall), nan=0.0)
    return torch.stack((precision, recall, f1), dim=-1)
