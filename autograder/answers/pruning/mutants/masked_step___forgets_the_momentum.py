"""Clears the optimiser's state at every step, so kept weights lose their momentum."""

import torch


def masked_step_(model, masks, optimizer):
    parameters = dict(model.named_parameters())
    optimizer.state.clear()
    optimizer.step()
    with torch.no_grad():
        for name, mask in masks.items():
            parameters[name].mul_(mask)
