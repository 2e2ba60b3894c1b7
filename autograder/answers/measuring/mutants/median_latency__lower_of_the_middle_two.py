"""Takes the lower of the middle two for an even number of repeats."""

import time

import torch


def median_latency(run, *, warmup=3, repeats=11, clock=time.perf_counter):
    for _ in range(warmup):
        run()
    seconds = []
    for _ in range(repeats):
        start = clock()
        run()
        seconds.append(clock() - start)
    return torch.tensor(seconds).median().item()
