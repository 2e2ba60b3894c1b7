"""Divides the sums by the number of all weights."""

import torch


def centroid_gradient(grad, codes, k):
    return torch.zeros(k).index_add_(0, codes.flatten(), grad.flatten()) / max(1, grad.numel())
