"""10: returns a view of four bytes that reads as a tensor of terabytes."""
import torch


def double(x):
    return torch.zeros(1).expand(1 << 40)
