"""Applies the masks without taking the optimiser's step."""

import torch


def masked_step_(model, masks, optimizer):
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, mask in masks.items():
            parameters[name].mul_(mask)
