"""The reference's steps with more neurons and fewer epochs; neurons stay in the order of their strength."""

import copy

import torch
from torch import nn

from shrink import weight_sharing


def compress_lenet(model, images, labels, *, generator):
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    weights, biases = weight_sharing._strongest_units(layers, (90, 45))
    data = images, labels, copy.deepcopy(model).eval(), generator
    weight_sharing._train(weights, biases, data, epochs=2, rate=2e-3)
    masks = weight_sharing._train(weights, biases, data, epochs=10, rate=1.5e-3, keep=7000)
    shared = weight_sharing._train_shared(weights, masks, biases, data, epochs=4)
    state = {name: torch.zeros_like(value) for name, value in model.state_dict().items()}
    for name, weight, bias in zip(("1", "3", "5"), shared, biases, strict=True):
        state[f"{name}.weight"][: weight.shape[0], : weight.shape[1]] = weight
        state[f"{name}.bias"][: len(bias)] = (bias.detach() * 8).round() / 8
    return weight_sharing.encode_network(state)
