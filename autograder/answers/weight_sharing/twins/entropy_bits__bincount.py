"""bincount in single precision, zeros left out of the sum."""

import torch


def entropy_bits(symbols):
    counts = torch.bincount(symbols)
    p = counts[counts > 0].float() / symbols.numel()
    return symbols.numel() * -(p * torch.log2(p)).sum().item()
