"""Prunes by a threshold, so all weights that equal it go together."""


def prune_smallest(weight, sparsity):
    count = round(sparsity * weight.numel())
    if count == 0:
        return weight.clone()
    threshold = weight.abs().reshape(-1).kthvalue(count).values
    return weight * (weight.abs() > threshold)
