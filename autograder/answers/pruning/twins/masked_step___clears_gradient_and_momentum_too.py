"""Gradients and momentum of pruned weights are cleared as well."""

import torch


def masked_step_(model, masks, optimizer):
    parameters = dict(model.named_parameters())
    for name, mask in masks.items():
        weight = parameters[name]
        if weight.grad is not None:
            weight.grad = torch.where(mask, weight.grad, 0.0)
        for value in optimizer.state[weight].values():
            if torch.is_tensor(value) and value.shape == mask.shape:
                value.masked_fill_(~mask, 0.0)
    optimizer.step()
    with torch.no_grad():
        for name, mask in masks.items():
            parameters[name][~mask] = 0.0
