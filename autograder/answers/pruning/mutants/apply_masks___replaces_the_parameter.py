"""Puts a new parameter into the model, so an optimiser goes on with the old one."""

from torch import nn


def apply_masks_(model, masks):
    parameters = dict(model.named_parameters())
    for name, mask in masks.items():
        path, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(path), leaf, nn.Parameter(parameters[name].detach() * mask))
