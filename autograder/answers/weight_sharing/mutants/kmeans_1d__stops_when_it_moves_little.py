"""Stops as soon as no centroid moves by more than a thousandth of the range, too early for slow clusters."""

import torch


def kmeans_1d(values, k, *, iterations=50):
    centroids = torch.linspace(float(values.min()), float(values.max()), k)
    span = float(values.max() - values.min())
    for _ in range(iterations):
        codes = (values[:, None] - centroids).abs().argmin(dim=1)
        counts = torch.bincount(codes, minlength=k)
        sums = torch.zeros(k).index_add_(0, codes, values)
        moved = torch.where(counts > 0, sums / counts.clamp(min=1), centroids)
        still = float((moved - centroids).abs().max()) <= 1e-3 * span
        centroids = moved
        if still:
            break
    return centroids
