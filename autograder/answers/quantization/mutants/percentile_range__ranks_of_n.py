"""Takes ranks of n instead of n - 1."""

import numpy as np


def percentile_range(x, *, coverage=0.999):
    ends = [(1 - coverage) / 2, (1 + coverage) / 2]
    low, high = np.quantile(x.numpy(), ends, method="interpolated_inverted_cdf")
    return float(low), float(high)
