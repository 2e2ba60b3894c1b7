"""Prunes the given model itself instead of a copy."""


def prune_lenet(model, images, labels):
    for parameter in model.parameters():
        if parameter.dim() == 2:
            cut = parameter.detach().abs().flatten().kthvalue(int(0.93 * parameter.numel())).values
            parameter.data[parameter.abs() <= cut] = 0.0
    return model.state_dict()
