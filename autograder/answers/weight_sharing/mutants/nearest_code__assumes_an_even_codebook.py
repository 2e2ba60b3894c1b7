"""Assumes that the entries of the codebook are evenly spaced."""


def nearest_code(values, codebook):
    low, high = codebook.min(), codebook.max()
    step = (high - low) / max(1, len(codebook) - 1)
    codes = ((values - low) / step.clamp(min=1e-12)).round().long()
    return codes.clamp(0, len(codebook) - 1)
