"""Prunes the same share of every row instead of the smallest weights of the tensor."""


def prune_smallest(weight, sparsity):
    rows = weight.reshape(weight.shape[0], -1).clone() if weight.dim() > 1 else weight.reshape(1, -1).clone()
    for row in rows:
        row[row.abs().argsort()[: round(sparsity * len(row))]] = 0
    return rows.reshape(weight.shape)
