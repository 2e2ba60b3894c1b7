"""Counts how often each code occurs instead of summing its gradients."""

import torch


def centroid_gradient(grad, codes, k):
    return torch.bincount(codes.flatten(), minlength=k).float()
