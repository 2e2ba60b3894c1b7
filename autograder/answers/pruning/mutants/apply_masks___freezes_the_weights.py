"""Switches the gradient of masked parameters off and leaves it off."""


def apply_masks_(model, masks):
    parameters = dict(model.named_parameters())
    for name, mask in masks.items():
        parameters[name].requires_grad_(False).mul_(mask)
