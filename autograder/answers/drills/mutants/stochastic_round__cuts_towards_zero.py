"""Cuts off towards zero, so that negative numbers drift upwards."""

import torch


def stochastic_round(x, generator):
    return x.trunc() + (torch.rand(x.shape, generator=generator) < x.frac().abs())
