"""Estimates the range from mean and standard deviation."""

import torch


def percentile_range(x, *, coverage=0.999):
    mean, deviation = x.mean().item(), x.std(correction=0).item()
    far = torch.special.ndtri(torch.tensor((1 + min(coverage, 1 - 1e-7)) / 2)).item()
    return mean - far * deviation, mean + far * deviation
