"""Measures the error without clamping the codes."""


def mse_range(x, *, bits=8, steps=100):
    low, high = x.min().item(), x.max().item()

    def error(factor):
        scale = (max(high, 0.0) - min(low, 0.0)) * factor / (2**bits - 1) or 1.0
        return ((x / scale).round() * scale - x).square().mean().item()

    best = min((step / steps for step in range(1, steps + 1)), key=error)
    return best * low, best * high
