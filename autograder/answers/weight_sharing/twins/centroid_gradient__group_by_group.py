"""A masked sum for each code; the sum of nothing is 0."""

import torch


def centroid_gradient(grad, codes, k):
    return torch.stack([(grad * (codes == code)).sum() for code in range(k)])
