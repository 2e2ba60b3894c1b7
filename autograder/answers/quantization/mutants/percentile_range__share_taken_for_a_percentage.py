"""Takes coverage for a percentage."""

import numpy as np


def percentile_range(x, *, coverage=0.999):
    low, high = np.percentile(x.numpy(), [50 - coverage / 2, 50 + coverage / 2])
    return float(low), float(high)
