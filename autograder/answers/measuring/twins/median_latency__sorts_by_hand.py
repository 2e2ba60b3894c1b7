"""Sorted, and the mean of the middle two."""

import time


def median_latency(run, *, warmup=3, repeats=11, clock=time.perf_counter):
    def timed():
        start = clock()
        run()
        return clock() - start

    for _ in range(warmup):
        run()
    seconds = sorted(timed() for _ in range(repeats))
    half = repeats // 2
    return seconds[half] if repeats % 2 else (seconds[half - 1] + seconds[half]) / 2
