"""Counts, order and identity, tensor by tensor, on two layers of different size."""

import torch
from torch import nn


def test_for_sparse_copy(candidate):
    torch.manual_seed(0)
    layers = nn.ModuleDict({"wide": nn.Linear(30, 20), "narrow": nn.Linear(5, 4)})
    with torch.no_grad():
        layers["wide"].weight.mul_(7)
    before = {name: parameter.detach().clone() for name, parameter in layers.named_parameters()}
    result = candidate(layers, 0.4)
    if not result.training:
        raise AssertionError("the copy is in eval mode")
    for name, parameter in result.named_parameters():
        assert torch.equal(layers.get_parameter(name), before[name]), f"{name} of the model changed"
        zero, old = parameter == 0, before[name]
        if parameter.dim() == 1:
            assert torch.equal(parameter, old), f"{name} is a vector"
        else:
            assert int(zero.sum()) == round(0.4 * old.numel()), f"{name}: {int(zero.sum())} zeros"
            assert torch.equal(parameter[~zero], old[~zero]), f"{name}: survivors changed"
            assert old[zero].abs().max() < old[~zero].abs().min(), f"{name}: order"
