"""The zero point from the share of the range below 0, so that the scale comes last."""


def affine_params(low, high, *, bits=8):
    below, above = max(-low, 0.0), max(high, 0.0)
    if below + above == 0.0:
        return 1.0, 0
    top = (1 << bits) - 1
    return (below + above) / top, round(below / (below + above) * top)
