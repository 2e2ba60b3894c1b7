"""Averages the gradients of each code, which gives NaN for an unused one."""

import torch


def centroid_gradient(grad, codes, k):
    return torch.stack([grad[codes == code].mean() for code in range(k)])
