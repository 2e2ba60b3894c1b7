"""A context manager prunes on the way in and restores on the way out."""

import contextlib

import numpy as np
import torch


@contextlib.contextmanager
def pruned(parameter, sparsity):
    saved = parameter.data
    magnitudes = saved.abs().reshape(-1).numpy()
    keep = np.ones(magnitudes.size, dtype=np.float32)
    keep[np.argsort(magnitudes)[: round(sparsity * magnitudes.size)]] = 0
    parameter.data = saved * torch.from_numpy(keep).reshape(saved.shape)
    try:
        yield
    finally:
        parameter.data = saved


def sensitivity(model, evaluate, *, names, sparsities):
    evaluate(model)  # the dense model first, for the record
    results = {}
    for name in names:
        row = []
        for sparsity in sparsities:
            with pruned(model.get_parameter(name), sparsity):
                row.append(evaluate(model))
        results[name] = row
    return results
