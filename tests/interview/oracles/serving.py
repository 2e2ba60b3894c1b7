"""Reading, computing, sending and guessing are simulated step by step, and timed."""

import random

import torch
from torch.utils.flop_counter import FlopCounterMode

from tests.interview.oracles.transformers import count, linear


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
