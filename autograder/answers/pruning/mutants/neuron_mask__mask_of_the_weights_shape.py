"""Returns one entry for each weight instead of one for each neuron."""


def neuron_mask(weight, threshold):
    keep = weight.abs().flatten(1).mean(dim=1) > threshold
    return keep.view(-1, *[1] * (weight.dim() - 1)).expand_as(weight)
