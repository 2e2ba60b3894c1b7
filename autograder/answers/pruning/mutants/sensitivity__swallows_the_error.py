"""Turns an error of evaluate into NaN instead of passing it on."""


def sensitivity(model, evaluate, *, names, sparsities):
    parameters = dict(model.named_parameters())
    results = {}
    for name in names:
        dense = parameters[name].detach().clone()
        results[name] = []
        for sparsity in sparsities:
            order = dense.abs().flatten().argsort()[: round(sparsity * dense.numel())]
            parameters[name].data.copy_(dense.flatten().index_fill(0, order, 0.0).view(dense.shape))
            try:
                results[name].append(evaluate(model))
            except Exception:
                results[name].append(float("nan"))
            parameters[name].data.copy_(dense)
    return results
