"""bincount with weights."""

import torch


def centroid_gradient(grad, codes, k):
    return torch.bincount(codes.flatten(), weights=grad.flatten(), minlength=k)
