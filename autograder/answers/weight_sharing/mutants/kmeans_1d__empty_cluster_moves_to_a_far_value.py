"""Moves the centroid of an empty cluster to a far value instead of keeping it."""

import torch


def kmeans_1d(values, k, *, iterations=50):
    centroids = torch.linspace(values.min().item(), values.max().item(), k)
    for _ in range(iterations):
        distances, codes = (values[:, None] - centroids).abs().min(dim=1)
        for code in range(k):
            members = values[codes == code]
            centroids[code] = members.mean() if len(members) else values[distances.argmax()]
    return centroids.sort().values
