"""Drops empty clusters, so fewer centroids come back."""

import torch


def kmeans_1d(values, k, *, iterations=50):
    centroids = torch.linspace(values.min().item(), values.max().item(), k)
    for _ in range(iterations):
        codes = (values[:, None] - centroids).abs().argmin(dim=1)
        centroids = torch.stack([values[codes == code].mean() for code in codes.unique()])
    return centroids
