"""Times the warm-up calls together with the repeats."""

import statistics
import time


def median_latency(run, *, warmup=3, repeats=11, clock=time.perf_counter):
    seconds = []
    for _ in range(warmup + repeats):
        start = clock()
        run()
        seconds.append(clock() - start)
    return statistics.median(seconds)
