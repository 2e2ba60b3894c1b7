"""The masks stand in a parametrization, so the gradient of pruned weights is zero by itself."""

import copy

import torch
import torch.nn.functional as F
from torch import nn


class Masked(nn.Module):
    def __init__(self, mask):
        super().__init__()
        self.register_buffer("mask", mask)

    def forward(self, weight):
        return weight * self.mask


def prune_lenet(model, images, labels):
    model = copy.deepcopy(model)
    layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, nn.Linear)}
    for layer, sparsity in zip(layers.values(), (0.94, 0.85, 0.5), strict=True):
        magnitudes = layer.weight.detach().abs()
        cut = magnitudes.flatten().kthvalue(round(sparsity * magnitudes.numel())).values
        nn.utils.parametrize.register_parametrization(layer, "weight", Masked((magnitudes > cut).float()))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    generator = torch.Generator().manual_seed(2)
    epochs = 2
    for epoch in range(epochs):
        optimizer.param_groups[0]["lr"] = 0.1 * (1 - epoch / epochs)
        for batch in torch.randperm(len(images), generator=generator).split(256):
            optimizer.zero_grad()
            F.cross_entropy(model(images[batch]), labels[batch]).backward()
            optimizer.step()
    state = {}
    for name, layer in layers.items():
        state[f"{name}.weight"] = layer.weight.detach() + 0.0
        state[f"{name}.bias"] = layer.bias.detach()
    return state
