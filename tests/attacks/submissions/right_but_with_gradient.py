"""15: an accident: the right values with requires_grad and a history.

earns: all
"""
import torch


def double(x):
    factor = torch.nn.Parameter(torch.tensor(2.0))
    return x * factor + x.flip(0)
