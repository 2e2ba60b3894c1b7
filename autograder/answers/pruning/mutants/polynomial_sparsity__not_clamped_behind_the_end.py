"""Follows the polynomial beyond the end instead of staying at the final sparsity."""


def polynomial_sparsity(step, *, start, end, final, initial=0.0, power=3):
    if step <= start:
        return initial
    return final + (initial - final) * (1 - (step - start) / (end - start)) ** power
