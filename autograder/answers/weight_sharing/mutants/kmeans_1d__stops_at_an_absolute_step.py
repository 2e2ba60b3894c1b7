"""Stops when no centroid moves by 0.001, which is too early for small values."""

import torch


def kmeans_1d(values, k, *, iterations=50):
    centroids = torch.linspace(float(values.min()), float(values.max()), k)
    for _ in range(iterations):
        codes = (values.flatten()[:, None] - centroids).abs().argmin(dim=1)
        moved = centroids.clone()
        for j in range(k):
            if (codes == j).any():
                moved[j] = values.flatten()[codes == j].mean()
        done = (moved - centroids).abs().max() < 1e-3
        centroids = moved
        if done:
            break
    return centroids
