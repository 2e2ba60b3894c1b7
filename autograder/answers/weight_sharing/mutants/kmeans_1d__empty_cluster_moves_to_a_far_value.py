"""A cluster without values restarts at the value that is farthest from its centroid, as some libraries do."""

import torch


def kmeans_1d(values, k, *, iterations=50):
    centroids = torch.linspace(values.min().item(), values.max().item(), k)
    for _ in range(iterations):
        distances, codes = (values[:, None] - centroids).abs().min(dim=1)
        for code in range(k):
            members = values[codes == code]
            centroids[code] = members.mean() if len(members) else values[distances.argmax()]
    return centroids.sort().values
