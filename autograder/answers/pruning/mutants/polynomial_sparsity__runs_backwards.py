"""Exchanges initial and final inside the polynomial."""


def polynomial_sparsity(step, *, start, end, final, initial=0.0, power=3):
    progress = min(1.0, max(0.0, (step - start) / (end - start)))
    return initial + (final - initial) * (1 - progress) ** power
