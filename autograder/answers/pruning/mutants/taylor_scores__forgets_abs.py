"""Weights that pull against their gradient get negative scores."""


def taylor_scores(weight, grad):
    return weight * grad
