"""Starts at quantiles of the values instead of evenly spaced centroids."""

import torch


def kmeans_1d(values, k, *, iterations=50):
    centroids = torch.quantile(values, torch.linspace(0, 1, k))
    for _ in range(iterations):
        codes = (values[:, None] - centroids).abs().argmin(dim=1)
        for code in range(k):
            if (codes == code).any():
                centroids[code] = values[codes == code].mean()
    return centroids
