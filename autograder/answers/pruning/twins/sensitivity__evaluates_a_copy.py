"""A deep copy for each result; the model itself is never touched."""

import copy


def sensitivity(model, evaluate, *, names, sparsities):
    def pruned(name, sparsity):
        probe = copy.deepcopy(model)
        weight = probe.get_parameter(name).data
        smallest = weight.abs().flatten().topk(round(sparsity * weight.numel()), largest=False).indices
        weight.view(-1)[smallest] = 0.0
        return probe

    return {name: [evaluate(pruned(name, sparsity)) for sparsity in sparsities] for name in names}
