"""Number by number, with integers of any length."""

import torch


def requantize(accumulator, mantissa, shift, zero_point, *, low, high):
    codes = []
    for value in accumulator.flatten().tolist():
        product = value * mantissa
        rounded = (abs(product) + (1 << (shift - 1))) >> shift
        codes.append(max(low, min(high, zero_point + (rounded if product > 0 else -rounded))))
    return torch.tensor(codes, dtype=torch.int32).reshape(accumulator.shape)
