"""Takes a single step of Lloyd's algorithm."""

import torch


def kmeans_1d(values, k, *, iterations=50):
    centroids = torch.linspace(values.min().item(), values.max().item(), k)
    codes = (values[:, None] - centroids).abs().argmin(dim=1)
    for code in range(k):
        if (codes == code).any():
            centroids[code] = values[codes == code].mean()
    return centroids
