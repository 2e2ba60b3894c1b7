"""Sorts the sparsities, so results come in another order than asked for."""


def sensitivity(model, evaluate, *, names, sparsities):
    parameters = dict(model.named_parameters())
    results = {}
    for name in names:
        dense = parameters[name].detach().clone()
        results[name] = []
        try:
            for sparsity in sorted(sparsities):
                order = dense.abs().flatten().argsort()[: round(sparsity * dense.numel())]
                parameters[name].data.copy_(dense.flatten().index_fill(0, order, 0.0).view(dense.shape))
                results[name].append(evaluate(model))
        finally:
            parameters[name].data.copy_(dense)
    return results
