"""One state dict saved at the beginning, loaded back behind every evaluation."""

import copy

import torch


def sensitivity(model, evaluate, *, names, sparsities):
    saved = copy.deepcopy(model.state_dict())
    results = {name: [] for name in names}
    try:
        for name in names:
            for sparsity in sparsities:
                weight = dict(model.named_parameters())[name]
                ranks = weight.detach().abs().flatten().argsort().argsort().view(weight.shape)
                with torch.no_grad():
                    weight.mul_(ranks >= round(sparsity * weight.numel()))
                results[name].append(float(evaluate(model)))
                model.load_state_dict(saved)
    finally:
        model.load_state_dict(saved)
    return results
