"""Fits a single linear layer and leaves half of the budget unused."""

import torch
import torch.nn.functional as F


def train_in_budget(images, labels, *, max_bytes, generator):
    ones = torch.cat([images, torch.ones(len(images), 1)], dim=1)
    gram = ones.T @ ones + 10 * torch.eye(785)
    solution = torch.linalg.solve(gram, ones.T @ F.one_hot(labels, 10).float())
    return [(solution[:784].T.contiguous(), solution[784].contiguous())]
