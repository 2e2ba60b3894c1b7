"""Ranks weights by their signed value, so the most negative go first."""


def sensitivity(model, evaluate, *, names, sparsities):
    parameters = dict(model.named_parameters())
    results = {}
    for name in names:
        dense = parameters[name].detach().clone()
        results[name] = []
        try:
            for sparsity in sparsities:
                order = dense.flatten().argsort()[: round(sparsity * dense.numel())]
                parameters[name].data.copy_(dense.flatten().index_fill(0, order, 0.0).view(dense.shape))
                results[name].append(evaluate(model))
        finally:
            parameters[name].data.copy_(dense)
    return results
