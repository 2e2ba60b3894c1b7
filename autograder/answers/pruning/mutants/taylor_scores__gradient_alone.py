"""The weight is left out."""


def taylor_scores(weight, grad):
    return grad.abs()
