"""Divides the scores by d instead of its root."""

import torch


def decode_step(query, key, value, keys, values):
    keys = torch.cat([keys, key[None]])
    values = torch.cat([values, value[None]])
    attention = (keys @ query / len(query)).softmax(dim=0)
    return (attention @ values, keys, values)
