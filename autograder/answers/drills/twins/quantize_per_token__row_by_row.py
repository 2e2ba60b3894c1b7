"""One token after the other, in Python floats."""

import torch


def quantize_per_token(x, *, bits=8):
    top, codes, scales, zero_points = 2**bits - 1, [], [], []
    for row in x:
        low, high = min(row.min().item(), 0.0), max(row.max().item(), 0.0)
        scale = (high - low) / top or 1.0
        zero = round(-low / scale)
        codes.append(torch.clamp(torch.round(row / scale) + zero, 0, top))
        scales.append(scale)
        zero_points.append(zero)
    return torch.stack(codes).byte(), torch.tensor(scales), torch.tensor(zero_points, dtype=torch.int32)
