"""Returns one gradient for each weight instead of one for each code."""

import torch


def centroid_gradient(grad, codes, k):
    return torch.zeros(k).index_add_(0, codes.flatten(), grad.flatten())[codes]
