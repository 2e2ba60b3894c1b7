"""Takes exp without subtracting the largest score, which overflows."""

import math

import torch


def decode_step(query, key, value, keys, values):
    keys = torch.cat([keys, key[None]])
    values = torch.cat([values, value[None]])
    scores = (keys @ query / math.sqrt(len(query))).exp()
    attention = scores / scores.sum()
    return (attention @ values, keys, values)
