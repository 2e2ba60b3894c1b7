"""Clamps the values to the range of the codes, as if the scale were 1."""


def fake_quantize(x, scale, *, bits=8):
    if not scale > 0:
        raise ValueError(f"scale must be above 0, got {scale}")
    limit = 2 ** (bits - 1) - 1
    inside = x.clamp(-limit, limit)
    rounded = (inside / scale).round() * scale
    return inside + (rounded - inside).detach()
