"""The gradient is left out."""


def taylor_scores(weight, grad):
    return weight.abs()
