"""A dotted name is not found."""


def apply_masks_(model, masks):
    for name, mask in masks.items():
        if name not in dict(model.named_parameters()):
            raise KeyError(name)
        getattr(model, name).data.mul_(mask)
