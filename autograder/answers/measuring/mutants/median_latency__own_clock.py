"""Reads a clock of its own instead of the given one."""

import statistics
import time


def median_latency(run, *, warmup=3, repeats=11, clock=time.perf_counter):
    for _ in range(warmup):
        run()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)
