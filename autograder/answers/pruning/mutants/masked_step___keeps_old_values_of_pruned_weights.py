"""Freezes pruned weights at their old values instead of setting them to zero."""

import torch


def masked_step_(model, masks, optimizer):
    parameters = dict(model.named_parameters())
    before = {name: parameters[name].detach().clone() for name in masks}
    optimizer.step()
    with torch.no_grad():
        for name, mask in masks.items():
            parameters[name].copy_(torch.where(mask, parameters[name], before[name]))
