"""Averages the gradients of each code instead of summing them."""

import torch


def centroid_gradient(grad, codes, k):
    sums = torch.zeros(k).index_add_(0, codes.flatten(), grad.flatten())
    return sums / torch.bincount(codes.flatten(), minlength=k).clamp(min=1)
