"""Divides all blocks by the largest magnitude of the whole tensor."""

import torch
import torch.nn.functional as F


def quantize_blockwise(weight, codebook, *, block=64):
    if block < 1:
        raise ValueError(f"block must be at least 1, got {block}")
    blocks = F.pad(weight.flatten(), (0, -weight.numel() % block)).view(-1, block)
    absmax = torch.full((len(blocks),), float(blocks.abs().sum() and blocks.abs().max()))
    scaled = blocks / torch.where(absmax > 0, absmax, 1.0)[:, None]
    codes = (scaled[:, :, None] - codebook).abs().argmin(dim=2).to(torch.uint8)
    return (codes.flatten()[: weight.numel()].view(weight.shape), absmax)
