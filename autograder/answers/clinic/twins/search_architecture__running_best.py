"""Numbers of combinations taken apart digit by digit, the best kept on the way."""

import numpy as np
import torch


def search_architecture(space, evaluate, *, trials, generator):
    names, choices = list(space), list(space.values())
    shape = [len(each) for each in choices]
    seed = int(torch.randint(2**31, (), generator=generator))
    numbers = np.random.default_rng(seed).permutation(int(np.prod(shape)))[:trials]
    best = None
    for number in numbers:
        digits = np.unravel_index(number, shape)
        candidate = {name: each[int(digit)] for name, each, digit in zip(names, choices, digits, strict=True)}
        score = evaluate(dict(candidate))
        if best is None or score >= best[1]:
            best = (candidate, score)
    return best
