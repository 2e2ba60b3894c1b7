"""torch.aminmax, in a list."""

import torch


def minmax_range(x):
    return [float(end) for end in torch.aminmax(x)]
