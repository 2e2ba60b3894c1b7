"""Restores all tensors only at the end, so several are pruned at the same time."""


def sensitivity(model, evaluate, *, names, sparsities):
    parameters = dict(model.named_parameters())
    saved = {name: parameters[name].detach().clone() for name in names}
    results = {}
    try:
        for name in names:
            results[name] = []
            for sparsity in sparsities:
                dense = saved[name]
                order = dense.abs().flatten().argsort()[: round(sparsity * dense.numel())]
                parameters[name].data.copy_(dense.flatten().index_fill(0, order, 0.0).view(dense.shape))
                results[name].append(evaluate(model))
    finally:
        for name in names:
            parameters[name].data.copy_(saved[name])
    return results
