"""Progress clamped to [0, 1], the rise written the other way round."""

import math


def polynomial_sparsity(step, *, start, end, final, initial=0.0, power=3):
    progress = max(0.0, min(1.0, (step - start) / (end - start)))
    return initial + (final - initial) * (1.0 - math.pow(1.0 - progress, power))
