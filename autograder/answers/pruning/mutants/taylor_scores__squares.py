"""The square instead of the magnitude."""


def taylor_scores(weight, grad):
    return (weight * grad) ** 2
