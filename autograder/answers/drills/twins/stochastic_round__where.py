"""Chooses between the two neighbours, seen from above."""

import torch


def stochastic_round(x, generator):
    up = x.ceil()
    down = torch.rand(x.shape, generator=generator, dtype=torch.float64) < (up - x).double()
    return torch.where(down, x.floor(), up)
