"""A torch.autograd.Function that states its own gradient."""

import torch


class Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale, limit):
        ctx.save_for_backward(x.abs() <= limit * scale)
        return (x / scale).round().clamp(-limit, limit) * scale

    @staticmethod
    def backward(ctx, upstream):
        (inside,) = ctx.saved_tensors
        return upstream * inside, None, None


def fake_quantize(x, scale, *, bits=8):
    if not scale > 0:
        raise ValueError(f"scale must be above 0, got {scale}")
    return Straight.apply(x, scale, 2 ** (bits - 1) - 1)
