"""Keeps only the last gradient of each code instead of their sum."""

import torch


def centroid_gradient(grad, codes, k):
    total = torch.zeros(k)
    total[codes.flatten()] += grad.flatten()
    return total
