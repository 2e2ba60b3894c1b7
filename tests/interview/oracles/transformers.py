"""Caches, blocks and schedules are built or simulated step by step, and measured."""

import random

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


def decode_rate(billions: int, bits: int, bandwidth: int, cache: float) -> float:
    nanoseconds = 0.0  # a GB/s is a byte in a nanosecond; read in pieces of 10 MB
    for size in (billions * 1e9 * bits / 8, cache * 1e9):
        nanoseconds += sum(1e7 / bandwidth for _ in range(round(size / 1e7)))
    return 1e9 / nanoseconds


def prefill_time(billions: int, peak: int, tokens: int, percent: int) -> float:
    layer = linear(1000, 1000)  # any layer: FLOPs go with its parameters
    with FlopCounterMode(display=False) as counter:
        layer(torch.empty(tokens, 1000, device="meta"))
    work = counter.get_total_flops() * (billions * 1e9 / count(layer))
    return work / (peak * percent / 100 * 1e12)


def balanced_batch(peak: float, bandwidth: float, bits: int) -> float:
    weights = 1e9

    def computing(batch: float) -> float:
        return batch * weights * 2 / (peak * 1e12)

    reading = weights * bits / 8 / (bandwidth * 1e12)
    low, high = 0.0, 1e6
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if computing(middle) < reading else (low, middle)
    return low


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


def tensor_parallel_traffic(layers: int, width: int, tokens: int, gpus: int) -> float:
    chunk = tokens * width * 2 / gpus  # bytes; the ring passes chunks
    sent = 0.0
    for _ in range(layers):
        for _ in ("attention", "mlp"):
            for _ in ("reduce-scatter", "all-gather"):
                sent += sum(chunk for _ in range(gpus - 1))
    return sent / 1e9


def pipeline_bubble(stages: int, micro_batches: int) -> float:
    done = [0] * stages  # micro-batches that each stage has finished
    steps = worked = 0
    while done[-1] < micro_batches:
        ready = [stage for stage in range(stages)
                 if done[stage] < (done[stage - 1] if stage else micro_batches)]  # fmt: skip
        for stage in ready:
            done[stage] += 1
        steps, worked = steps + 1, worked + len(ready)
    return 100 * (1 - worked / (steps * stages))


def expected_tokens(acceptance: float, guesses: int) -> float:
    """The mean over every pattern of acceptances, each with its probability."""
    mean = 0.0
    for pattern in range(2**guesses):
        accepted = [bool(pattern >> place & 1) for place in range(guesses)]
        weight = 1.0
        for yes in accepted:
            weight *= acceptance if yes else 1 - acceptance
        mean += weight * ([*accepted, False].index(False) + 1)
    return mean


def speculative_tokens(acceptance: float, guesses: int) -> float:
    return expected_tokens(acceptance, guesses)


def speculative_speedup(acceptance: float, guesses: int, cost: float) -> float:
    draw, tokens, time, rounds = random.Random(1), 0, 0.0, 60_000
    for _ in range(rounds):
        accepted = 0
        while accepted < guesses and draw.random() < acceptance:
            accepted += 1
        tokens += accepted + 1
        time += 1 + sum(cost for _ in range(guesses))
    return tokens / time


def sharded_training(billions: int, gpus: int) -> float:
    parameters = 1_000_000
    kept = [meta(parameters)] * 2 + [meta(parameters, dtype=torch.float32)] * 3
    return sum(tensor.nbytes for tensor in kept) / parameters * billions / gpus
