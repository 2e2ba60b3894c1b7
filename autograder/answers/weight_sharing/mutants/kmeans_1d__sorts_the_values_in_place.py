"""Sorts the values that were passed in."""

import torch


def kmeans_1d(values, k, *, iterations=50):
    values.copy_(values.sort().values)
    centroids = torch.linspace(values[0].item(), values[-1].item(), k)
    for _ in range(iterations):
        codes = (values[:, None] - centroids).abs().argmin(dim=1)
        for code in range(k):
            if (codes == code).any():
                centroids[code] = values[codes == code].mean()
    return centroids
