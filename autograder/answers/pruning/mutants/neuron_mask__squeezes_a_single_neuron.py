"""One neuron gives a mask without dimension."""


def neuron_mask(weight, threshold):
    return (weight.abs().flatten(1).mean(dim=1) > threshold).squeeze()
