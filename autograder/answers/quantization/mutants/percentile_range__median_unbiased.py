"""Interpolates between other ranks than linear interpolation does."""

import numpy as np


def percentile_range(x, *, coverage=0.999):
    low, high = np.quantile(x.numpy(), [(1 - coverage) / 2, (1 + coverage) / 2], method="hazen")
    return float(low), float(high)
