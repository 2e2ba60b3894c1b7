"""Starts symmetric around zero instead of from minimum to maximum."""

import torch


def kmeans_1d(values, k, *, iterations=50):
    largest = values.abs().max()
    centroids = torch.linspace(-1, 1, k) * largest
    for _ in range(iterations):
        codes = (values[:, None] - centroids).abs().argmin(dim=1)
        for code in range(k):
            if (codes == code).any():
                centroids[code] = values[codes == code].mean()
    return centroids
