"""Measures the error of symmetric codes instead of affine ones."""


def mse_range(x, *, bits=8, steps=100):
    low, high = x.min().item(), x.max().item()
    top = 2 ** (bits - 1) - 1

    def error(factor):
        scale = factor * max(-low, high) / top or 1.0
        codes = (x / scale).round().clamp(-top, top)
        return (codes * scale - x).square().mean().item()

    best = min((step / steps for step in range(1, steps + 1)), key=error)
    return best * low, best * high
