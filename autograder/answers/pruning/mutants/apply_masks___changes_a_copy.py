"""Zeroes a copy of the weights, so the model itself stays dense."""


def apply_masks_(model, masks):
    state = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    for name, mask in masks.items():
        state[name] *= mask
