"""Lists and loops."""

import torch


def kmeans_1d(values, k, *, iterations=50):
    numbers = values.flatten().tolist()
    low, high = min(numbers), max(numbers)
    centroids = [low + (high - low) * j / max(1, k - 1) for j in range(k)]
    for _ in range(iterations):
        groups = [[] for _ in range(k)]
        for number in numbers:
            groups[min(range(k), key=lambda j: abs(number - centroids[j]))].append(number)
        moved = [sum(group) / len(group) if group else c for group, c in zip(groups, centroids, strict=True)]
        if moved == centroids:
            break
        centroids = moved
    return torch.tensor(sorted(centroids), dtype=torch.float32)
