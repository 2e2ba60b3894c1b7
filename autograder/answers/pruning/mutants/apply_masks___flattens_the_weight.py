"""Indexing with the mask keeps the kept weights and loses the shape."""


def apply_masks_(model, masks):
    parameters = dict(model.named_parameters())
    for name, mask in masks.items():
        parameters[name].data = parameters[name].data[mask]
