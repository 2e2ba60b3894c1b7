"""One slice of columns after the other."""

import torch


def quantize_per_group(weight, *, group=32, bits=4):
    if group < 1:
        raise ValueError(f"group must be at least 1, got {group}")
    codes, scales = [], []
    for part in weight.split(group, dim=1):
        scale = part.abs().max(dim=1).values / (2 ** (bits - 1) - 1)
        scale[scale == 0] = 1.0
        codes.append(torch.round(part / scale[:, None]))
        scales.append(scale)
    return torch.cat(codes, dim=1).to(torch.int8), torch.stack(scales, dim=1)
