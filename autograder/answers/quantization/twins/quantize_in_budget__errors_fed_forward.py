"""Starts at 8 bits, takes away where it harms the outputs least, then rounds with feedback."""

import copy
import math

import torch
from torch import nn


def rounded(weight, bits, steps=30):
    """Codes and scales of least error among a few."""
    top = 2 ** (bits - 1) - 1
    rows = weight.flatten(1)
    widest = rows.abs().amax(dim=1).clamp(min=1e-12) / top
    least = torch.full_like(widest, math.inf)
    best, scales = torch.zeros_like(rows), widest.clone()
    for factor in torch.linspace(1.0, 0.4, steps):
        tried = widest * factor
        codes = torch.round(rows / tried[:, None]).clamp(-top, top)
        error = (codes * tried[:, None] - rows).square().sum(dim=1)
        better = error < least
        least[better], best[better], scales[better] = error[better], codes[better], tried[better]
    return best.to(torch.int8).view(weight.shape), scales


def weights_of(model):
    return {name: p.detach() for name, p in model.named_parameters() if p.dim() >= 2}


def size(weight, bits):
    return math.ceil(weight.numel() * bits / 8) + 4 * len(weight)


def fed_forward(network, layer, images, codes, scales, bits):
    """Rounds one input after the other; those to come make up for the error (Frantar 2023)."""
    seen = []
    hook = layer.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    network(images)
    hook.remove()
    x, weight = seen[0], layer.weight.flatten(1).clone()
    if isinstance(layer, nn.Conv2d):
        x = nn.functional.unfold(x, layer.kernel_size, padding=layer.padding, stride=layer.stride)
        x = x.transpose(1, 2).flatten(0, 1)
    hessian = (x.T @ x).double() / len(x)
    hessian += 0.01 * hessian.diagonal().mean() * torch.eye(len(hessian))
    inverse, top = torch.linalg.inv(hessian), 2 ** (bits - 1) - 1
    upper = torch.linalg.cholesky(inverse, upper=True).float()
    out = torch.zeros_like(weight)
    for at in range(weight.shape[1]):
        out[:, at] = torch.round(weight[:, at] / scales).clamp(-top, top)
        error = (weight[:, at] - out[:, at] * scales) / upper[at, at]
        weight[:, at + 1 :] -= torch.outer(error, upper[at, at + 1 :])
    return out.to(torch.int8).view(codes.shape), scales


@torch.no_grad()
def quantize_in_budget(model, images, *, max_bytes):
    network = copy.deepcopy(model).eval()
    weights = weights_of(model)
    expected = network(images[:96])
    parameters = dict(network.named_parameters())
    harm = {}
    for name, weight in weights.items():
        for bits in range(2, 9):
            codes, scales = rounded(weight, bits)
            parameters[name].copy_(codes * scales.view(-1, *[1] * (codes.dim() - 1)))
            harm[name, bits] = (network(images[:96]) - expected).square().mean().item()
        parameters[name].copy_(weight)
    bits = dict.fromkeys(weights, 8)
    while sum(size(weight, bits[name]) for name, weight in weights.items()) > max_bytes:
        costs = {}
        for name, weight in weights.items():
            for fewer in range(2, bits[name]):
                saved = size(weight, bits[name]) - size(weight, fewer)
                costs[name, fewer] = (harm[name, fewer] - harm[name, bits[name]]) / saved
        name, fewer = min(costs, key=costs.get)
        bits[name] = fewer
    answer = {}
    for name, weight in weights.items():
        layer = network.get_submodule(name.removesuffix(".weight"))
        answer[name] = fed_forward(network, layer, images, *rounded(weight, bits[name]), bits[name])
        codes, scales = answer[name]
        layer.weight.copy_(codes * scales.view(-1, *[1] * (codes.dim() - 1)))
    return answer
