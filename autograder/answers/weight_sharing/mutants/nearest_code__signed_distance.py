"""Takes the most negative difference for the nearest, without its magnitude."""


def nearest_code(values, codebook):
    return (values.unsqueeze(-1) - codebook).argmin(dim=-1)
