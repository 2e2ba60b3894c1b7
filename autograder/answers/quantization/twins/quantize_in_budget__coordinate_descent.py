"""More bits for sensitive tensors, then codes that minimise the layer's output error one at a time."""

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


def descended(network, layer, images, codes, scales, bits):
    """Coordinate descent on the layer's output error: each code in turn takes its best value, three times."""
    seen = []
    hook = layer.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    network(images)
    hook.remove()
    x, weight, top = seen[0], layer.weight.flatten(1), 2 ** (bits - 1) - 1
    if isinstance(layer, nn.Conv2d):
        x = nn.functional.unfold(x, layer.kernel_size, padding=layer.padding, stride=layer.stride)
        x = x.transpose(1, 2).flatten(0, 1)
    gram = x.T @ x / len(x)
    gram += 0.01 * gram.diagonal().mean() * torch.eye(len(gram))
    codes = codes.flatten(1).float()
    slope = (codes * scales[:, None] - weight) @ gram  # half the gradient of the error
    for _ in range(3):
        for at in range(len(gram)):
            wanted = codes[:, at] - slope[:, at] / (gram[at, at] * scales)
            new = torch.round(wanted).clamp(-top, top)
            slope += ((new - codes[:, at]) * scales)[:, None] * gram[at]
            codes[:, at] = new
    return codes.to(torch.int8).view(layer.weight.shape), scales


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
        answer[name] = descended(network, layer, images, *rounded(weight, bits[name]), bits[name])
        codes, scales = answer[name]
        layer.weight.copy_(codes * scales.view(-1, *[1] * (codes.dim() - 1)))
    return answer
