"""The mean of each group, 0 / 0 for a code that does not occur."""

import torch


def centroid_gradient(grad, codes, k):
    return torch.stack([grad[codes == code].mean() for code in range(k)])
