"""Draws one random number for all entries."""

import torch


def stochastic_round(x, generator):
    return x.floor() + (torch.rand(1, generator=generator) < x - x.floor())
