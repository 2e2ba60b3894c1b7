"""Prunes for each sparsity what the one before has left, without restoring between."""


def sensitivity(model, evaluate, *, names, sparsities):
    parameters = dict(model.named_parameters())
    results = {}
    for name in names:
        dense = parameters[name].detach().clone()
        results[name] = []
        try:
            for sparsity in sparsities:
                weight = parameters[name].detach().flatten()
                order = weight.abs().argsort()[: round(sparsity * weight.numel())]
                parameters[name].data.copy_(weight.index_fill(0, order, 0.0).view(dense.shape))
                results[name].append(evaluate(model))
        finally:
            parameters[name].data.copy_(dense)
    return results
