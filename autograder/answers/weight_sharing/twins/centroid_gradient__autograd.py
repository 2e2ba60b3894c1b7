"""Backwards through the lookup."""

import torch


def centroid_gradient(grad, codes, k):
    codebook = torch.zeros(k, requires_grad=True)
    codebook[codes].backward(grad)
    return codebook.grad
