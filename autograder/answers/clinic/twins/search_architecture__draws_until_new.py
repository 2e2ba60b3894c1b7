"""Draws each choice by itself and draws again where the combination is known."""

import math

import torch


def search_architecture(space, evaluate, *, trials, generator):
    size = math.prod(len(choices) for choices in space.values())
    seen = {}
    while len(seen) < min(trials, size):
        picks = [int(torch.randint(len(choices), (1,), generator=generator)) for choices in space.values()]
        chosen = tuple(choices[at] for choices, at in zip(space.values(), picks, strict=True))
        if chosen not in seen:
            seen[chosen] = evaluate(dict(zip(space.keys(), chosen, strict=True)))
    winner, score = max(seen.items(), key=lambda item: item[1])
    return dict(zip(space, winner, strict=True)), float(score)
