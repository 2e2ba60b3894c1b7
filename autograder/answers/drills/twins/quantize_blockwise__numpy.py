"""numpy, with an absmax for every weight."""

import numpy as np
import torch


def quantize_blockwise(weight, codebook, *, block=64):
    if block < 1:
        raise ValueError(f"block must be at least 1, got {block}")
    flat, levels = weight.reshape(-1).numpy(), codebook.numpy()
    starts = np.arange(0, len(flat), block)
    absmax = np.array([np.abs(flat[at : at + block]).max() for at in starts], dtype=np.float32)
    divisor = np.where(absmax == 0, np.float32(1), absmax).repeat(block)[: len(flat)]
    codes = np.abs((flat / divisor)[None, :] - levels[:, None]).argmin(axis=0).astype(np.uint8)
    return torch.from_numpy(codes).view(weight.shape), torch.from_numpy(absmax)
