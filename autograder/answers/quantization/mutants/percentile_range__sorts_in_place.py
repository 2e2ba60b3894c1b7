"""Sorts the values that were passed in."""

import numpy as np


def percentile_range(x, *, coverage=0.999):
    values = x.numpy().reshape(-1)
    values.sort()
    low, high = np.quantile(values, [(1 - coverage) / 2, (1 + coverage) / 2])
    return float(low), float(high)
