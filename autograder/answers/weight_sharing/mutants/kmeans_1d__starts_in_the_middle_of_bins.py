"""Starts in the middle of even bins, so no centroid begins at the minimum or maximum."""

import torch


def kmeans_1d(values, k, *, iterations=50):
    low, high = values.min(), values.max()
    centroids = low + (high - low) * (torch.arange(k) + 0.5) / k
    for _ in range(iterations):
        codes = (values[:, None] - centroids).abs().argmin(dim=1)
        for code in range(k):
            if (codes == code).any():
                centroids[code] = values[codes == code].mean()
    return centroids
