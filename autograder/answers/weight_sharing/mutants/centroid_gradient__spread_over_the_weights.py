"""One gradient for each weight, that of its centroid."""

import torch


def centroid_gradient(grad, codes, k):
    return torch.zeros(k).index_add_(0, codes.flatten(), grad.flatten())[codes]
