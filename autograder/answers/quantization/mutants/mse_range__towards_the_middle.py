"""Shrinks both ends towards the middle of the range instead of towards 0."""


def through_the_grid(x, low, high, bits):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / (2**bits - 1) or 1.0
    zero_point = round(-low / scale)
    codes = (x / scale).round().add(zero_point).clamp(0, 2**bits - 1)
    return (codes - zero_point) * scale


def mse_range(x, *, bits=8, steps=100):
    low, high = x.min().item(), x.max().item()
    middle, half = (low + high) / 2, (high - low) / 2

    def error(factor):
        values = through_the_grid(x, middle - factor * half, middle + factor * half, bits)
        return (values - x).square().mean().item()

    best = min((step / steps for step in range(1, steps + 1)), key=error)
    return middle - best * half, middle + best * half
