"""Returns codes in one row, without the shape of the weight."""

import torch
import torch.nn.functional as F


def quantize_blockwise(weight, codebook, *, block=64):
    if block < 1:
        raise ValueError(f"block must be at least 1, got {block}")
    blocks = F.pad(weight.flatten(), (0, -weight.numel() % block)).view(-1, block)
    absmax = blocks.abs().amax(dim=1)
    scaled = blocks / torch.where(absmax > 0, absmax, 1.0)[:, None]
    codes = (scaled[:, :, None] - codebook).abs().argmin(dim=2).to(torch.uint8)
    return (codes.flatten()[: weight.numel()], absmax)
