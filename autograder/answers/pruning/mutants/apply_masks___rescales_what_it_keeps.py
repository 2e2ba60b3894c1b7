"""Divides the kept weights by the kept fraction, as dropout does."""


def apply_masks_(model, masks):
    parameters = dict(model.named_parameters())
    for name, mask in masks.items():
        parameters[name].data.mul_(mask).div_(mask.float().mean().clamp(min=1e-3))
