"""Step, then multiply the data by the mask."""


def masked_step_(model, masks, optimizer):
    optimizer.step()
    for name, parameter in model.named_parameters():
        if name in masks:
            parameter.data.mul_(masks[name])
