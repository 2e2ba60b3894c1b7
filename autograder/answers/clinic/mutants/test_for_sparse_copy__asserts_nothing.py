"""Makes a sparse copy and does not look at it."""

from torch import nn


def test_for_sparse_copy(candidate):
    model = nn.Linear(4, 3)
    sparse = candidate(model, 0.5)
    zeros = (sparse.weight == 0).sum()
    print(f"{zeros} zeros")
