"""Stops when the error rises for the first time, before the least one."""


def through_the_grid(x, low, high, bits):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / (2**bits - 1) or 1.0
    zero_point = round(-low / scale)
    codes = (x / scale).round().add(zero_point).clamp(0, 2**bits - 1)
    return (codes - zero_point) * scale


def mse_range(x, *, bits=8, steps=100):
    low, high = x.min().item(), x.max().item()

    def error(factor):
        values = through_the_grid(x, factor * low, factor * high, bits)
        return (values - x).square().mean().item()

    step = steps
    while step > 1 and error((step - 1) / steps) <= error(step / steps):
        step -= 1
    return step / steps * low, step / steps * high
