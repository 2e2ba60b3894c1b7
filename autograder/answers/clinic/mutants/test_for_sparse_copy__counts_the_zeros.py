"""Counts the zeros with a tolerance, and never compares what stays."""

from torch import nn


def test_for_sparse_copy(candidate):
    model = nn.Linear(40, 50)
    sparse = candidate(model, 0.5)
    zeros = (sparse.weight == 0).float().mean().item()
    assert abs(zeros - 0.5) < 0.1
    assert sparse.weight.shape == model.weight.shape
