"""Never restores the pruned weights."""


def sensitivity(model, evaluate, *, names, sparsities):
    parameters = dict(model.named_parameters())
    results = {}
    for name in names:
        dense = parameters[name].detach().clone()
        results[name] = []
        for sparsity in sparsities:
            order = dense.abs().flatten().argsort()[: round(sparsity * dense.numel())]
            parameters[name].data.copy_(dense.flatten().index_fill(0, order, 0.0).view(dense.shape))
            results[name].append(evaluate(model))
    return results
