"""Raises AttributeError instead of KeyError for a name that is no parameter."""


def apply_masks_(model, masks):
    for name, mask in masks.items():
        model.get_parameter(name).data.mul_(mask)
