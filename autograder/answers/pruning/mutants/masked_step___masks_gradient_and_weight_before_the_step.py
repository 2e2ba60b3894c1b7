"""Masks weights and gradients before the step, so momentum still moves pruned weights."""

import torch


def masked_step_(model, masks, optimizer):
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, mask in masks.items():
            parameters[name].mul_(mask)
            if parameters[name].grad is not None:
                parameters[name].grad.mul_(mask)
    optimizer.step()
