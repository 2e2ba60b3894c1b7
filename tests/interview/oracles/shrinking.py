"""Layers are built and their numbers and operations compared."""

import math

from torch import nn

from tests.interview.oracles.networks import conv, count, macs_of


def pruned_channels(percent: int, channels: int) -> float:
    left = channels * (100 - percent) / 100
    exact = channels * 100  # as many channels as make the share a whole number
    kept = exact * (100 - percent) // 100
    assert kept / exact == left / channels
    return 100 * macs_of(conv(kept, kept, 3), kept, 4, 4) / macs_of(conv(exact, exact, 3), exact, 4, 4)


def scaled_network(macs: int, width: float, resolution: int) -> float:
    def layer(width: float, side: int) -> int:
        return macs_of(conv(int(64 * width), int(128 * width), 1), int(64 * width), side, side)

    return macs * layer(width, resolution) / layer(1, 224)


def low_rank_break_even(rows: int, columns: int) -> float:
    rank = 1
    while sum(math.prod(shape) for shape in ((rows, rank + 1), (rank + 1, columns))) < rows * columns:
        rank += 1
    return rank


def low_rank_gain(rows: int, columns: int, rank: int) -> float:
    def linear(inputs: int, outputs: int) -> nn.Linear:
        return nn.Linear(inputs, outputs, bias=False, device="meta")

    factors = nn.Sequential(linear(columns, rank), linear(rank, rows))
    return macs_of(linear(columns, rows), columns) / macs_of(factors, columns)


def lora_parameters(layers: int, width: int, matrices: int, rank: int) -> float:
    down, up = (
        nn.Linear(width, rank, bias=False, device="meta"),
        nn.Linear(rank, width, bias=False, device="meta"),
    )
    return sum(count(nn.ModuleList([down, up])) for _ in range(layers) for _ in range(matrices))


def search_space(kernels: int, expansions: int, layers: int) -> float:
    networks = 1
    for _ in range(layers):
        networks = sum(networks for _ in range(kernels) for _ in range(expansions))
    digits = str(networks)
    return len(digits) - 1 + math.log10(int(digits[:6]) / 1e5)
