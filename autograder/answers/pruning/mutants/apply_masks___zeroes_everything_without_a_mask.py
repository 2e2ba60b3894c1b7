"""Zeroes parameters that have no mask, too."""


def apply_masks_(model, masks):
    parameters = dict(model.named_parameters())
    for name in masks:
        parameters[name].data.mul_(masks[name])
    for name, parameter in parameters.items():
        if name not in masks:
            parameter.data.zero_()
