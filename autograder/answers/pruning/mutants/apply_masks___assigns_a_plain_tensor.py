"""A tensor is assigned where a parameter stands: TypeError."""


def apply_masks_(model, masks):
    parameters = dict(model.named_parameters())
    for name, mask in masks.items():
        path, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(path), leaf, parameters[name] * mask)
