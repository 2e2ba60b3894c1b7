"""Drops the batch norm without folding it."""

import copy

import torch
import torch.nn.functional as F
from torch import nn


class IntegerLayer(nn.Module):
    def __init__(self, layer, low, high, bits):
        super().__init__()
        low, high = min(low, 0.0), max(high, 0.0)
        self.top = 2**bits - 1
        self.step = (high - low) / self.top or 1.0
        self.zero = round(-low / self.step)
        weight = layer.weight.detach()
        limit = 2 ** (bits - 1) - 1
        scale = weight.flatten(1).abs().amax(dim=1) / limit
        scale[scale == 0] = 1.0
        along = (-1, *[1] * (weight.dim() - 1))
        codes = torch.round(weight / scale.view(along)).clamp(-limit, limit)
        self.register_buffer("codes", codes.to(torch.int8))
        self.register_buffer("scale", scale)
        self.register_buffer("bias", None if layer.bias is None else layer.bias.detach().clone())
        self.conv = isinstance(layer, nn.Conv2d)
        if self.conv:
            self.knobs = (layer.stride, layer.padding, layer.dilation, layer.groups)

    def forward(self, x):
        x = (torch.round(x / self.step) + self.zero).clamp(0, self.top) - self.zero
        weight = self.codes.float()
        if self.conv:
            out = F.conv2d(x, weight, None, *self.knobs) * (self.step * self.scale).view(-1, 1, 1)
            return out if self.bias is None else out + self.bias.view(-1, 1, 1)
        out = F.linear(x, weight) * (self.step * self.scale)
        return out if self.bias is None else out + self.bias


def fold(conv, bn):
    factor = bn.weight / torch.sqrt(bn.running_var + bn.eps)
    bias = 0.0 if conv.bias is None else conv.bias
    conv.bias = nn.Parameter((bn.bias + factor * (bias - bn.running_mean)).detach())
    conv.weight = nn.Parameter((conv.weight * factor.view(-1, 1, 1, 1)).detach())


def fold_all(module):
    before = None
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d) and isinstance(before, nn.Conv2d):
            setattr(module, name, nn.Identity())
        fold_all(child)
        before = child


def quantize_network(model, batches, *, bits=8):
    network = copy.deepcopy(model).eval()
    fold_all(network)
    layers = {name: m for name, m in network.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)}
    ranges = {}

    def watch(name):
        def hook(module, inputs):
            low, high = inputs[0].min().item(), inputs[0].max().item()
            if name in ranges:
                low, high = min(low, ranges[name][0]), max(high, ranges[name][1])
            ranges[name] = (low, high)

        return hook

    hooks = [layer.register_forward_pre_hook(watch(name)) for name, layer in layers.items()]
    with torch.no_grad():
        for batch in batches:
            network(batch)
    for hook in hooks:
        hook.remove()
    for name, layer in layers.items():
        network.set_submodule(name, IntegerLayer(layer, *ranges[name], bits))
    return network
