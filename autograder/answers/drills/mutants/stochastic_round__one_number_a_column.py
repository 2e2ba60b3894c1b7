"""Draws one random number for each column."""

import torch


def stochastic_round(x, generator):
    return x.floor() + (torch.rand(x.shape[-1:], generator=generator) < x - x.floor())
