"""index_add_ in single precision, nearest by argmin, the later of two ties."""

import torch


def kmeans_1d(values, k, *, iterations=50):
    start, stop = values.min(), values.max()
    centroids = start + (stop - start) * torch.arange(k) / max(k - 1, 1)
    for _ in range(iterations):
        codes = k - 1 - (values.unsqueeze(0) - centroids.flip(0).unsqueeze(1)).square().argmin(dim=0)
        total = torch.zeros(k).index_add_(0, codes, values)
        count = torch.zeros(k).index_add_(0, codes, torch.ones_like(values))
        centroids = torch.where(count > 0, total / count, centroids)
    return centroids
