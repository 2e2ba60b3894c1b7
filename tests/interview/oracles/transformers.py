"""Caches, blocks and schedules are built or simulated step by step, and measured."""

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def meta(*shape: int, dtype: torch.dtype = torch.float16) -> torch.Tensor:
    """A tensor without storage that still knows its bytes."""
    return torch.empty(*shape, dtype=dtype, device="meta")


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def linear(inputs: int, outputs: int) -> nn.Linear:
    return nn.Linear(inputs, outputs, bias=False, device="meta")


def llm_weights(billions: int, bits: int, group: int) -> float:
    groups = billions * 10**9 / group
    return groups * (len("c" * bits * group) + meta(1).nbytes * 8) / 8 / 1e9


def cache(layers: int, kv_heads: int, tokens: int, batch: int = 1, bits: int = 16) -> int:
    dtype = {8: torch.int8, 16: torch.float16}[bits]
    blocks = [
        (meta(batch, kv_heads, tokens, 128, dtype=dtype), meta(batch, kv_heads, tokens, 128, dtype=dtype))
    ] * layers
    return sum(key.nbytes + value.nbytes for key, value in blocks)


def kv_cache(layers: int, heads: int, kv_heads: int, head_dim: int, tokens: int, batch: int) -> float:
    assert heads % kv_heads == 0 and head_dim == 128
    return cache(layers, kv_heads, tokens, batch) / 1024**3


def latent_cache(layers: int, latent: int, rope: int, heads: int, tokens: int) -> float:
    width = heads * 128
    down, rotary = linear(width, latent), linear(width, rope)  # what is kept is what these put out
    kept = [layer(torch.empty(tokens, width, device="meta")).half() for layer in (down, rotary)]
    return layers * sum(tensor.nbytes for tensor in kept) / 1024**3


def longest_context(layers: int, kv_heads: int, memory: int, bits: int) -> float:
    low, high = 1, 10**9  # bisection for the first number of tokens that no longer fits
    while low < high:
        middle = (low + high) // 2
        low, high = (
            (middle + 1, high)
            if cache(layers, kv_heads, middle, bits=bits) <= memory * 10**9
            else (low, middle)
        )
    return low - 1


def batch_that_fits(billions: int, layers: int, kv_heads: int, memory: int, bits: int, tokens: int) -> float:
    free, sequences = memory * 10**9 - billions * 10**9 * bits // 8, 0
    while (free := free - cache(layers, kv_heads, tokens)) >= 0:
        sequences += 1
    return sequences


def block_parameters(width: int, heads: int, kv_heads: int, head_dim: int, hidden: int) -> float:
    attention = [linear(width, heads * head_dim), *(linear(width, kv_heads * head_dim) for _ in range(2)),
                 linear(heads * head_dim, width)]  # fmt: skip
    mlp = [linear(width, hidden), linear(width, hidden), linear(hidden, width)]
    return count(nn.ModuleList([*attention, *mlp]))


def attention_balance(width: int, layers: int) -> float:
    def flops(tokens: int) -> tuple[int, int]:
        x, context = torch.empty(1, width, device="meta"), torch.empty(tokens, width, device="meta")
        with FlopCounterMode(display=False) as matrices:
            for shape in [(width, width)] * 4 + [(width, 4 * width)]:
                linear(*shape)(x)
            linear(4 * width, width)(torch.empty(1, 4 * width, device="meta"))
        with FlopCounterMode(display=False) as attention:
            (x @ context.T) @ context
        return layers * attention.get_total_flops(), layers * matrices.get_total_flops()

    low, high = 1, 100 * width
    while low < high:
        middle = (low + high) // 2
        attention, matrices = flops(middle)
        low, high = (middle + 1, high) if attention < matrices else (low, middle)
    return low


def sharded_training(billions: int, gpus: int) -> float:
    parameters = 1_000_000
    kept = [meta(parameters)] * 2 + [meta(parameters, dtype=torch.float32)] * 3
    return sum(tensor.nbytes for tensor in kept) / parameters * billions / gpus
