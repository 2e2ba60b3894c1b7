"""Ignores the power and rises in a straight line."""


def polynomial_sparsity(step, *, start, end, final, initial=0.0, power=3):
    if step <= start:
        return initial
    if step >= end:
        return final
    return initial + (final - initial) * (step - start) / (end - start)
