"""Adds the noise before floor, where float32 rounds it away or up."""

import torch


def stochastic_round(x, generator):
    return (x + torch.rand(x.shape, generator=generator)).floor()
