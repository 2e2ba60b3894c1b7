"""Returns the entries of the codebook instead of their indices."""


def nearest_code(values, codebook):
    return codebook[(values.unsqueeze(-1) - codebook).abs().argmin(dim=-1)]
