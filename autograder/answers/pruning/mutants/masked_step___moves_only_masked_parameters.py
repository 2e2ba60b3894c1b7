"""Leaves parameters without a mask where they were."""

import torch


def masked_step_(model, masks, optimizer):
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    optimizer.step()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in masks:
                parameter.mul_(masks[name])
            else:
                parameter.copy_(before[name])
