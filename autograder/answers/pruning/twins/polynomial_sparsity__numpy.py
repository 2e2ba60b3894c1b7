"""numpy's clip."""

import numpy as np


def polynomial_sparsity(step, *, start, end, final, initial=0.0, power=3):
    left = np.clip((end - step) / (end - start), 0, 1)
    return float(final - (final - initial) * left**power)
