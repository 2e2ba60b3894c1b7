"""Half to even written out with floor."""

import torch


def quantize(x, scale, zero_point, *, low, high):
    ratio = x / scale
    below = torch.floor(ratio)
    rest = ratio - below
    up = (rest > 0.5) | ((rest == 0.5) & (below.remainder(2) == 1))
    codes = torch.where(up, below + 1, below) + zero_point
    return codes.minimum(torch.tensor(float(high))).maximum(torch.tensor(float(low))).to(torch.int32)
