"""Puts new parameters into the model, so an optimiser goes on with the old ones."""

from torch import nn


def sensitivity(model, evaluate, *, names, sparsities):
    parameters = dict(model.named_parameters())
    results = {}
    for name in names:
        path, _, leaf = name.rpartition(".")
        module, dense = model.get_submodule(path), parameters[name].detach().clone()
        results[name] = []
        try:
            for sparsity in sparsities:
                order = dense.abs().flatten().argsort()[: round(sparsity * dense.numel())]
                pruned = dense.flatten().index_fill(0, order, 0.0).view(dense.shape)
                setattr(module, leaf, nn.Parameter(pruned))
                results[name].append(evaluate(model))
        finally:
            setattr(module, leaf, nn.Parameter(dense))
    return results
