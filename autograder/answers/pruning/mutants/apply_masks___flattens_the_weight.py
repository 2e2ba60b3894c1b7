"""Replaces the weight by the list of its kept values, so its shape is lost."""


def apply_masks_(model, masks):
    parameters = dict(model.named_parameters())
    for name, mask in masks.items():
        parameters[name].data = parameters[name].data[mask]
