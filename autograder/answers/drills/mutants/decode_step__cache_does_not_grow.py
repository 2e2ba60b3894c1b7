"""Returns the caches as they came."""

import math

import torch


def decode_step(query, key, value, keys, values):
    all_keys, all_values = torch.cat([keys, key[None]]), torch.cat([values, value[None]])
    attention = (all_keys @ query / math.sqrt(len(query))).softmax(dim=0)
    return (attention @ all_values, keys, values)
