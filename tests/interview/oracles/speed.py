"""Time and energy added up piece by piece, instead of by formula."""

from fractions import Fraction

import torch
from torch.utils.flop_counter import FlopCounterMode


def matmul_intensity(batch: int, width: int) -> float:
    x = torch.empty(batch, width, dtype=torch.float16, device="meta")
    weight = torch.empty(width, width, dtype=torch.float16, device="meta")
    with FlopCounterMode(display=False) as counter:
        y = x @ weight
    return counter.get_total_flops() / (x.nbytes + weight.nbytes + y.nbytes)


def ridge_point(peak: int, bandwidth: int) -> float:
    flops = peak * (1e9 if peak == 200 else 1e12)  # the one processor that is told in GFLOP/s
    low, high = 1e-3, 1e6
    for _ in range(100):  # bisection: below the ridge, reading takes longer than computing
        middle = (low * high) ** 0.5
        low, high = (middle, high) if 1 / (bandwidth * 1e9) > middle / flops else (low, middle)
    return low


def roofline(peak: int, bandwidth: float, intensity: int) -> float:
    work = 1e15
    reading, computing = work / intensity / (bandwidth * 1e12), work / (peak * 1e12)
    return work / max(reading, computing) / 1e12


def amdahl(percent: int, factor: int) -> float:
    before = ["pruned"] * percent + ["other"] * (100 - percent)
    after = sum(Fraction(1, factor) if kind == "pruned" else Fraction(1) for kind in before)
    return float(len(before) / after)


def amdahl_factor(percent: int, whole: float) -> float:
    low, high = 1.0, 1e6
    for _ in range(100):
        middle = (low * high) ** 0.5
        time = (100 - percent) + percent / middle
        low, high = (middle, high) if 100 / time < whole else (low, middle)
    return low


def sparse_kernel(sparsity: int, slower: int) -> float:
    matrix = [0] * sparsity + [1] * (100 - sparsity)
    dense = sum(1 for _ in matrix)
    sparse = sum(slower for value in matrix if value)
    return dense / sparse


def download_time(millions: int, bits: int, rate: int) -> float:
    left, seconds = millions * 1e6 * bits, 0.0
    while left > 0:  # tenths of a second
        left, seconds = left - rate * 1e5, seconds + 0.1
    return seconds + left / (rate * 1e6)


def inference_energy(macs: float, weights: float) -> float:
    picojoules = 0.0
    for count, cost in ((macs * 1e6, 3.7), (macs * 1e6, 0.9), (weights * 1e6, 640.0)):
        picojoules += count * cost
    return picojoules / 1e6


def battery(capacity: int, volts: float, percent: int, millijoules: int) -> float:
    amperes, seconds = capacity / 1000, 3600  # for an hour
    watts = amperes * volts
    a_second = watts / (millijoules / 1000)  # answers while the battery is emptied in an hour
    return a_second * seconds * percent / 100


def frame_budget(tops: int, percent: int, frames: int) -> float:
    second = Fraction(tops * 10**12) * Fraction(percent, 100)
    return float(second / frames / len(("multiply", "add")))


def cascade(small: int, large: int, percent: int) -> float:
    images = [small] * percent + [small + large] * (100 - percent)
    return sum(images) / len(images)
