"""The smallest difference is the most negative one."""


def nearest_code(values, codebook):
    return (values.unsqueeze(-1) - codebook).argmin(dim=-1)
