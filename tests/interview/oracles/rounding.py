"""Numbers are rounded, summed until they overflow, and enumerated bit by bit."""

import math

import numpy as np
import torch

from shrink import quantization


def rounding_error(low: float, high: float, bits: int) -> float:
    x = torch.linspace(-low, high, 200_001, dtype=torch.float64)
    step = (low + high) / (2**bits - 1)
    codes = torch.arange(2**bits, dtype=torch.float64) * step - low
    nearest = torch.bucketize(x, codes).clamp(1, 2**bits - 1)
    return torch.minimum((x - codes[nearest - 1]).abs(), (x - codes[nearest]).abs()).max().item()


def zero_point(low: float, high: float, bits: int) -> float:
    return quantization.affine_params(-low, high, bits=bits)[1]


def quantization_noise(bits: int) -> float:
    x = (np.arange(2_000_000) + 0.5) / 2_000_000 - 0.5  # evenly spread, mean 0
    step = 1 / 2**bits
    rounded = (np.floor(x / step) + 0.5) * step  # the middle of each of 2**bits cells
    return float(10 * np.log10(np.mean(x**2) / np.mean((x - rounded) ** 2)))


def outlier_bits(bits: int, outlier: int) -> float:
    codes = np.linspace(
        -1, 1, 2**bits * 10_000
    )  # ten thousand codes for each real one: counting without rounding
    return math.log2((np.abs(codes) <= 1 / outlier).sum() / 10_000)


def accumulator_length(
    accumulator: int, weight_bits: int, input_bits: int, weight: int, input_: int
) -> float:
    assert weight == max(abs(code) for code in range(-(2 ** (weight_bits - 1)) + 1, 2 ** (weight_bits - 1)))
    assert input_ == max(range(2**input_bits))
    worst = np.full(8_000_000, weight * input_, dtype=np.int64)
    sums = worst.cumsum()
    return int((sums < 2 ** (accumulator - 1)).sum())


def fixed_point_shift(input_scale: float, weight_scale: float, output_scale: float) -> float:
    return quantization.fixed_point(input_scale * weight_scale / output_scale)[1]


def largest_float(exponent: int, mantissa: int) -> float:
    bias, largest = 2 ** (exponent - 1) - 1, 0.0
    for pattern in range(2 ** (exponent + mantissa)):
        power, fraction = pattern >> mantissa, pattern & (2**mantissa - 1)
        if power == 2**exponent - 1:
            continue  # infinity and NaN
        value = (
            fraction * 2.0 ** (1 - bias - mantissa)
            if power == 0
            else (1 + fraction / 2**mantissa) * 2.0 ** (power - bias)
        )
        largest = max(largest, value)
    known = {(5, 2): torch.float8_e5m2, (5, 10): torch.float16}
    assert (exponent, mantissa) not in known or largest == torch.finfo(known[exponent, mantissa]).max
    return largest
