"""Divides the scores by the largest one."""


def taylor_scores(weight, grad):
    scores = (weight * grad).abs()
    return scores / scores.max()
