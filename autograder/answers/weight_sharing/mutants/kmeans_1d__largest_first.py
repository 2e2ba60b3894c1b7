"""Returns the codebook in descending order."""

import torch


def kmeans_1d(values, k, *, iterations=50):
    centroids = torch.linspace(values.max().item(), values.min().item(), k)
    for _ in range(iterations):
        codes = (values[:, None] - centroids).abs().argmin(dim=1)
        for code in range(k):
            if (codes == code).any():
                centroids[code] = values[codes == code].mean()
    return centroids
