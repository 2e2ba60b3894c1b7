"""Parameters and buffers of all models side by side, in double precision."""

import copy
from itertools import chain

import torch


@torch.no_grad()
def fuse_models(models):
    def named(model):
        return dict(chain(model.named_parameters(), model.named_buffers()))

    tables = [named(model) for model in models]
    first = {name: tuple(value.shape) for name, value in tables[0].items()}
    for table in tables:
        if {name: tuple(value.shape) for name, value in table.items()} != first:
            raise ValueError(f"models differ: {first}")
    result = copy.deepcopy(models[0])
    for name, target in named(result).items():
        if target.is_floating_point():
            target.set_(torch.stack([table[name].double() for table in tables]).mean(0).float())
    return result
