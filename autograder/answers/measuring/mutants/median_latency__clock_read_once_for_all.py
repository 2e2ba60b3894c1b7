"""Times all repeats at once and divides, which is a mean."""

import time


def median_latency(run, *, warmup=3, repeats=11, clock=time.perf_counter):
    for _ in range(warmup):
        run()
    start = clock()
    for _ in range(repeats):
        run()
    return (clock() - start) / repeats
