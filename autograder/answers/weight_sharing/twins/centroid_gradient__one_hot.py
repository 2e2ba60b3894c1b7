"""A matrix product."""

import torch.nn.functional as F


def centroid_gradient(grad, codes, k):
    return grad.reshape(1, -1).matmul(F.one_hot(codes.reshape(-1), k).to(grad.dtype)).reshape(k)
