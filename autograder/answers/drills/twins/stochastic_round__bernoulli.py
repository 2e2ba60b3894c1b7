"""A coin of the right weight for each entry."""

import torch


def stochastic_round(x, generator):
    low = torch.floor(x)
    return low + torch.bernoulli(x - low, generator=generator)
