"""Compares magnitudes, so that signs are lost."""


def nearest_code(values, codebook):
    return (values.abs().unsqueeze(-1) - codebook.abs()).abs().argmin(dim=-1)
