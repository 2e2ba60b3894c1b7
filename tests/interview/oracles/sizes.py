"""Bytes of weights found by packing them: buffers, masks and lists are built and measured."""

import itertools

import torch

from shrink.weight_sharing import relative_indices


def packed(bits: int, count: int) -> int:
    """Bits of `count` codes, packed: each is appended to one long integer."""
    return len("1" * bits) * count


def group_quantized_bytes(rows: int, columns: int, bits: int, group: int) -> float:
    assert columns % group == 0
    row = packed(bits, columns) + torch.zeros(columns // group, dtype=torch.float16).nbytes * 8
    return rows * row / 8 / 1e6


def effective_bits(bits: int, group: int, zero_bits: int) -> float:
    record = "c" * bits * group + "s" * 16 + "z" * zero_bits  # one letter a bit
    return len(record) / group


def double_quantization(billions: int, group: int) -> float:
    weights = group * 256 * 4  # a piece of the model that holds whole groups of groups
    scales = weights // group
    before = torch.zeros(scales, dtype=torch.float32).nbytes
    after = torch.zeros(scales, dtype=torch.uint8).nbytes + torch.zeros(scales // 256).nbytes
    return (before - after) / weights * billions


def microscaling_bytes(element_bits: int, billions: int) -> float:
    block = len(bytes((32 * element_bits + 8) // 8))
    return billions * 1e9 / 32 * block / 1e9


def codebook_ratio(rows: int, columns: int, clusters: int) -> float:
    codes = torch.arange(rows * columns) % clusters
    width = len(f"{int(codes.max()):b}")
    bits = sum(width for _ in codes) + torch.zeros(clusters).nbytes * 8
    return torch.zeros(rows, columns).nbytes * 8 / bits


def csr_break_even(size: int, value_bits: int, index_bits: int) -> float:
    def csr(kept: int) -> int:
        return kept * value_bits + kept * index_bits + 32 * len(range(size + 1))

    low, high = 0, size * size  # bisection for the first number of kept weights that does not pay
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if csr(middle) < size * size * value_bits else (low, middle)
    return 100 * (1 - low / (size * size))


def bitmask_break_even(value_bits: int, weights: int) -> float:
    zeros = next(zeros for zeros in itertools.count()
                 if weights + (weights - zeros) * value_bits <= weights * value_bits)  # fmt: skip
    return 100 * zeros / weights


def index_list_break_even(index_bits: int, value_bits: int) -> float:
    places = 1_000 * index_bits
    kept = next(kept for kept in range(places, 0, -1)
                if kept * (index_bits + value_bits) <= places + kept * value_bits)  # fmt: skip
    return 100 * (places - kept) / places


def two_four_bytes(rows: int, columns: int, bits: int) -> float:
    row = torch.arange(columns)
    kept = row[row % 4 < 2]  # two of four
    values = torch.zeros(len(kept), dtype={8: torch.int8, 16: torch.float16}[bits])
    positions = "".join(f"{int(place) % 4:02b}" for place in kept)
    return rows * (values.nbytes + len(positions) / 8) / 1e6


def relative_index_bits(gaps: list[int], bits: int, code_bits: int) -> float:
    mask = torch.zeros(sum(gaps), dtype=torch.bool)
    mask[torch.tensor(gaps).cumsum(0) - 1] = True
    stored, _ = relative_indices(mask, bits=bits)
    return sum(len(f"{int(gap):0{bits}b}") + code_bits for gap in stored)
