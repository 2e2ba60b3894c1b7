"""bincount without weights."""

import torch


def centroid_gradient(grad, codes, k):
    return torch.bincount(codes.flatten(), minlength=k).float()
