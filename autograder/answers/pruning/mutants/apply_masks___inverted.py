"""Zeroes the weights that the mask keeps and keeps the pruned ones."""


def apply_masks_(model, masks):
    parameters = dict(model.named_parameters())
    for name, mask in masks.items():
        parameters[name].data.masked_fill_(mask, 0.0)
