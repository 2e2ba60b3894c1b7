"""Takes a plain gradient step by hand, without the optimiser's momentum and weight decay."""

import torch


def masked_step_(model, masks, optimizer):
    rate = optimizer.param_groups[0]["lr"]
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.grad is not None:
                parameter -= rate * parameter.grad
            if name in masks:
                parameter *= masks[name]
