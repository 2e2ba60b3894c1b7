"""Finds no parameter of a nested module, whose name has a dot in it."""


def apply_masks_(model, masks):
    for name, mask in masks.items():
        if name not in dict(model.named_parameters()):
            raise KeyError(name)
        getattr(model, name).data.mul_(mask)
