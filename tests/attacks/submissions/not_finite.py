"""15: NaN and infinity in place of numbers."""
import torch


def double(x):
    return torch.full_like(x, float("inf")) * 0
