"""Takes chance from the global generator."""

import torch


def stochastic_round(x, generator):
    return x.floor() + (torch.rand(x.shape) < x - x.floor())
