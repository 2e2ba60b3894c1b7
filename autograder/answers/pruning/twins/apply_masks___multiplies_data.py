"""In-place multiplication on the data."""


def apply_masks_(model, masks):
    parameters = dict(model.named_parameters())
    for name in masks:
        parameters[name].data *= masks[name].float()
