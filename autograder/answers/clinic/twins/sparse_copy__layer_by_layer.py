"""Visits the modules and keeps the largest by topk; new parameters in the copy."""

import copy

import torch
from torch import nn


def sparse_copy(model, sparsity):
    result = copy.deepcopy(model)
    for module in result.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            if parameter.dim() < 2:
                continue
            old = parameter.detach()
            keep = old.numel() - round(sparsity * old.numel())
            new = torch.zeros(old.numel())
            at = old.abs().reshape(-1).topk(keep).indices
            new[at] = old.reshape(-1)[at]
            setattr(module, name, nn.Parameter(new.reshape(old.shape), parameter.requires_grad))
    return result
