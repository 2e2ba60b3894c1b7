"""Leaves out the magnitude, so some scores are negative."""


def taylor_scores(weight, grad):
    return weight * grad
