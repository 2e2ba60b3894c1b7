"""Moves the centroid of an empty cluster to zero instead of keeping it."""

import torch


def kmeans_1d(values, k, *, iterations=50):
    centroids = torch.linspace(values.min().item(), values.max().item(), k)
    for _ in range(iterations):
        codes = (values[:, None] - centroids).abs().argmin(dim=1)
        sums = torch.zeros(k).scatter_add_(0, codes, values)
        centroids = sums / torch.bincount(codes, minlength=k).clamp(min=1)
    return centroids.sort().values
