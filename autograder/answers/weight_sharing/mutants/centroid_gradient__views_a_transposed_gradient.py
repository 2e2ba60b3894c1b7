"""view() needs contiguous memory."""

import torch


def centroid_gradient(grad, codes, k):
    return torch.zeros(k).scatter_add_(0, codes.view(-1), grad.view(-1))
