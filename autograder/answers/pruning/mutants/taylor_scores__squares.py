"""Squares weight times gradient instead of taking the magnitude."""


def taylor_scores(weight, grad):
    return (weight * grad) ** 2
