"""Lets the gradient through outside the range, too."""


def fake_quantize(x, scale, *, bits=8):
    if not scale > 0:
        raise ValueError(f"scale must be above 0, got {scale}")
    limit = 2 ** (bits - 1) - 1
    inside = x.clamp(-limit * scale, limit * scale)
    rounded = (inside / scale).round() * scale
    return x + (rounded - x).detach()
