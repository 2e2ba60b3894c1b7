"""One token after the other, with a running maximum and sum."""

import math

import torch


def decode_step(query, key, value, keys, values):
    keys = torch.cat([keys, key.unsqueeze(0)], dim=0)
    values = torch.cat([values, value.unsqueeze(0)], dim=0)
    largest, total, output = -math.inf, 0.0, torch.zeros(len(value), dtype=torch.float64)
    for one, other in zip(keys.double(), values.double(), strict=True):
        score = (one @ query.double()).item() / len(query) ** 0.5
        top = max(largest, score)
        old, new = math.exp(largest - top), math.exp(score - top)
        total, output, largest = total * old + new, output * old + other * new, top
    return (output / total).float(), keys, values
