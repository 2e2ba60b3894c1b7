"""out[codes] += grad reads, adds and writes once for each code, so that all but one gradient are lost."""

import torch


def centroid_gradient(grad, codes, k):
    total = torch.zeros(k)
    total[codes.flatten()] += grad.flatten()
    return total
