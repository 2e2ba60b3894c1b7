"""The L1 norm divided by the number of weights a neuron."""

import torch


def neuron_mask(weight, threshold):
    rows = weight.flatten(start_dim=1)
    return torch.linalg.vector_norm(rows, ord=1, dim=1) / rows.shape[1] > threshold
