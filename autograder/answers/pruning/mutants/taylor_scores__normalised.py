"""Divided by the largest score."""


def taylor_scores(weight, grad):
    scores = (weight * grad).abs()
    return scores / scores.max()
