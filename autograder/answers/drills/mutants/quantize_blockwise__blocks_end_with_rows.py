"""Starts a new block in every row, so blocks are cut at the ends of rows."""

import torch
import torch.nn.functional as F


def quantize_blockwise(weight, codebook, *, block=64):
    if block < 1:
        raise ValueError(f"block must be at least 1, got {block}")
    rows = weight.reshape(-1, weight.shape[-1])
    blocks = F.pad(rows, (0, -rows.shape[1] % block)).reshape(len(rows), -1, block)
    absmax = blocks.abs().amax(dim=2)
    scaled = blocks / torch.where(absmax > 0, absmax, 1.0)[:, :, None]
    codes = (scaled[..., None] - codebook).abs().argmin(dim=3).flatten(1)[:, : rows.shape[1]]
    return codes.reshape(weight.shape).to(torch.uint8), absmax.flatten()
