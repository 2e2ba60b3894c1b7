"""Begins at sparsity 0 instead of at the initial sparsity."""


def polynomial_sparsity(step, *, start, end, final, initial=0.0, power=3):
    progress = min(1.0, max(0.0, (step - start) / (end - start)))
    return final * (1 - (1 - progress) ** power)
