"""Marks between the calls, numpy's median of their differences."""

import time

import numpy as np


def median_latency(run, *, warmup=3, repeats=11, clock=time.perf_counter):
    for _ in range(warmup):
        run()
    marks = [clock()]
    for _ in range(repeats):
        run()
        marks.append(clock())
    return float(np.median(np.diff(marks)))
