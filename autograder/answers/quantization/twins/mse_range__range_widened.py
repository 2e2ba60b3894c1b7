"""Of values on one side of zero the range from 0 is returned: the grid is the same."""


def through_the_grid(x, low, high, bits):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / (2**bits - 1) or 1.0
    zero_point = round(-low / scale)
    codes = (x / scale).round().add(zero_point).clamp(0, 2**bits - 1)
    return (codes - zero_point) * scale


def mse_range(x, *, bits=8, steps=100):
    low, high = min(x.min().item(), 0.0), max(x.max().item(), 0.0)

    def error(factor):
        values = through_the_grid(x, factor * low, factor * high, bits)
        return float((values - x).norm())

    best = min((step / steps for step in range(1, steps + 1)), key=error)
    return best * low, best * high
