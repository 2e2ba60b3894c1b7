"""Puts a plain tensor where the model holds a parameter, which torch refuses."""


def apply_masks_(model, masks):
    parameters = dict(model.named_parameters())
    for name, mask in masks.items():
        path, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(path), leaf, parameters[name] * mask)
