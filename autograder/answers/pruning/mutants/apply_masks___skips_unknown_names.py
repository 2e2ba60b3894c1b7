"""Passes over a name that is no parameter instead of raising KeyError."""


def apply_masks_(model, masks):
    for name, parameter in model.named_parameters():
        if name in masks:
            parameter.data.mul_(masks[name])
