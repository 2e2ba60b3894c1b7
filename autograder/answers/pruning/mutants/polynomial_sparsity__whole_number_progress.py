"""Divides the steps as whole numbers, so nothing happens until the end."""


def polynomial_sparsity(step, *, start, end, final, initial=0.0, power=3):
    if step <= start:
        return initial
    if step >= end:
        return final
    return final + (initial - final) * (1 - (step - start) // (end - start)) ** power
