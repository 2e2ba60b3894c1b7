"""Divides rounding down and looks at the remainder."""

import torch


def requantize(accumulator, mantissa, shift, zero_point, *, low, high):
    product = accumulator.to(torch.int64) * mantissa
    step = 1 << shift
    down = torch.div(product, step, rounding_mode="floor")
    rest = product - down * step
    up = (
        torch.where(product >= 0, rest * 2 >= step, rest * 2 > step)
        if shift < 62
        else rest >= step // 2 + (product < 0)
    )
    return torch.clamp(down + up.long() + zero_point, min=low, max=high).int()
