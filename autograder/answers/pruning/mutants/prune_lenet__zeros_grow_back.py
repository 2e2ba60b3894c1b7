"""Retrains without masks after pruning, so the zeros fill up again."""

import copy

import torch
import torch.nn.functional as F


def prune_lenet(model, images, labels):
    model = copy.deepcopy(model)
    for parameter in model.parameters():
        if parameter.dim() == 2:
            cut = parameter.detach().abs().flatten().kthvalue(int(0.92 * parameter.numel())).values
            parameter.data[parameter.abs() <= cut] = 0.0
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for start in range(0, min(len(images), 6400), 128):
        optimizer.zero_grad()
        F.cross_entropy(model(images[start : start + 128]), labels[start : start + 128]).backward()
        optimizer.step()
    return model.state_dict()
