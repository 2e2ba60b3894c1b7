"""Raises the progress itself to the power, so sparsity grows late instead of early."""


def polynomial_sparsity(step, *, start, end, final, initial=0.0, power=3):
    progress = min(1.0, max(0.0, (step - start) / (end - start)))
    return initial + (final - initial) * progress**power
