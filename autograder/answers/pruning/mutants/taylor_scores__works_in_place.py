"""Overwrites the weight that was passed in."""


def taylor_scores(weight, grad):
    return weight.mul_(grad).abs()
