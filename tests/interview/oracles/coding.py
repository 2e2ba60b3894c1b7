"""Sequences are made and coded, files are written, and what they take is measured."""

import io

import torch
from torch import nn

from shrink.weight_sharing import canonical_code, entropy_bits, huffman_encode, huffman_lengths


def sequence(percents: tuple[float, ...], repeats: int = 1) -> list[int]:
    """Symbols with exactly these shares; 1000 times `repeats` of them."""
    return [symbol for symbol, percent in enumerate(percents) for _ in range(round(10 * percent))] * repeats


def entropy_file(percents: tuple[float, ...], count: int) -> float:
    symbols = sequence(percents)
    return entropy_bits(torch.tensor(symbols)) / len(symbols) * count / 8e3


def huffman_mean(percents: tuple[int, ...]) -> float:
    symbols = sequence(percents, repeats=8)
    counts = {symbol: symbols.count(symbol) for symbol in set(symbols)}
    return 8 * len(huffman_encode(symbols, canonical_code(huffman_lengths(counts)))) / len(symbols)


def mask_entropy(percent: int, count: int) -> float:
    mask = torch.arange(100) >= percent
    return entropy_bits(mask.long()) / 100 * count / 8e3


def pruned_layer(weights: int, percent: int, code_bits: int, index_bits: int, padding: int) -> float:
    kept = weights - round(weights * percent / 100)
    entries = kept + round(kept * padding / 100)
    record = len(f"{0:0{code_bits}b}{0:0{index_bits}b}")
    codebook = torch.zeros(2**code_bits)
    return torch.empty(weights, device="meta").nbytes / ((entries * record + 7) // 8 + codebook.nbytes)


def average_bits(first: int, last: int, high: int, middle: int, low: int) -> float:
    widths = torch.full((100,), float(low))
    widths[:first], widths[first : first + last] = high, middle
    return widths.mean().item()


def vector_codes(dimensions: int, entries: int, width: int) -> float:
    vectors = torch.empty(width, width, device="meta").view(-1, dimensions).shape[0]
    index = (entries - 1).bit_length()
    codebook = torch.empty(entries, dimensions, dtype=torch.float16, device="meta")
    return (vectors * index + 8 * codebook.nbytes) / (width * width)


def adam_checkpoint(millions: float) -> float:
    model = nn.Linear(500, 400, bias=False)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 500)).sum().backward()
    optimizer.step()
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)
    return file.tell() / 200_000 * millions / 1e3  # headers are below 1 %
