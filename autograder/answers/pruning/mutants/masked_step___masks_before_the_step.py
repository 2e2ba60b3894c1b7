"""Applies the masks before the step, which then moves pruned weights away from zero."""

import torch


def masked_step_(model, masks, optimizer):
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, mask in masks.items():
            parameters[name].mul_(mask)
    optimizer.step()
