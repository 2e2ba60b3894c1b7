"""requires_grad is switched off to be allowed to write, and stays off."""


def apply_masks_(model, masks):
    parameters = dict(model.named_parameters())
    for name, mask in masks.items():
        parameters[name].requires_grad_(False).mul_(mask)
