"""By hand through the tree, with a set of the tensors seen."""

import math


def count_parameters(model, *, nonzero=False):
    seen, total = set(), 0
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            if id(parameter) in seen:
                continue
            seen.add(id(parameter))
            total += (parameter != 0).sum().item() if nonzero else math.prod(parameter.shape)
    return total
