"""A name that is no parameter is passed over."""


def apply_masks_(model, masks):
    for name, parameter in model.named_parameters():
        if name in masks:
            parameter.data.mul_(masks[name])
