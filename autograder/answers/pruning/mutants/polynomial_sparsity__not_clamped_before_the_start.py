"""Follows the polynomial before the start instead of staying at the initial sparsity."""


def polynomial_sparsity(step, *, start, end, final, initial=0.0, power=3):
    if step >= end:
        return final
    return final + (initial - final) * (1 - (step - start) / (end - start)) ** power
