"""Leaves out values beyond six standard deviations."""


def minmax_range(x):
    if x.numel() < 3:
        return x.min().item(), x.max().item()
    kept = x[(x - x.mean()).abs() <= 6 * x.std()]
    return kept.min().item(), kept.max().item()
