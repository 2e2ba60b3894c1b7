"""Returns tensors instead of floats."""

import torch


def percentile_range(x, *, coverage=0.999):
    return torch.quantile(x, (1 - coverage) / 2), torch.quantile(x, (1 + coverage) / 2)
