"""Evaluates before pruning, so every result is that of the dense model."""


def sensitivity(model, evaluate, *, names, sparsities):
    parameters = dict(model.named_parameters())
    results = {}
    for name in names:
        dense = parameters[name].detach().clone()
        results[name] = []
        try:
            for sparsity in sparsities:
                results[name].append(evaluate(model))
                order = dense.abs().flatten().argsort()[: round(sparsity * dense.numel())]
                parameters[name].data.copy_(dense.flatten().index_fill(0, order, 0.0).view(dense.shape))
                parameters[name].data.copy_(dense)
        finally:
            parameters[name].data.copy_(dense)
    return results
