"""Counts the midpoints between levels that lie below a weight."""

import torch


def quantize_blockwise(weight, codebook, *, block=64):
    if block < 1:
        raise ValueError(f"block must be at least 1, got {block}")
    middle = (codebook[1:] + codebook[:-1]) / 2
    codes, absmax = [torch.zeros(0, dtype=torch.long)], []
    for part in weight.flatten().split(block) if weight.numel() else ():
        largest = part.abs().max()
        absmax.append(largest)
        codes.append(torch.bucketize(part / (largest if largest > 0 else 1), middle))
    scales = torch.stack(absmax) if absmax else torch.zeros(0)
    return torch.cat(codes).to(torch.uint8).reshape(weight.shape), scales
