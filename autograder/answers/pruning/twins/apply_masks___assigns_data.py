"""The data of the parameter is replaced, the parameter itself is not."""

import torch


def apply_masks_(model, masks):
    parameters = dict(model.named_parameters())
    for name, mask in masks.items():
        weight = parameters[name]
        weight.data = torch.where(mask, weight.data, torch.zeros_like(weight.data))
