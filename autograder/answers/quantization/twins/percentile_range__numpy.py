"""np.percentile, which counts to 100."""

import numpy as np


def percentile_range(x, *, coverage=0.999):
    low, high = np.percentile(x.numpy(), [50 * (1 - coverage), 50 * (1 + coverage)])
    return low, high
