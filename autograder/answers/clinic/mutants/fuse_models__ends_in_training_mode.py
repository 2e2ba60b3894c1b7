"""Returns the fused model in training mode, whatever mode the first was in."""

import copy

import torch


def fuse_models(models):
    states = [model.state_dict() for model in models]
    shapes = [{name: value.shape for name, value in state.items()} for state in states]
    if any(other != shapes[0] for other in shapes):
        raise ValueError("models must have the same architecture")
    fused = copy.deepcopy(models[0]).train()
    for name, value in fused.state_dict().items():
        if value.is_floating_point():
            value.copy_(torch.stack([state[name] for state in states]).mean(dim=0))
    return fused
