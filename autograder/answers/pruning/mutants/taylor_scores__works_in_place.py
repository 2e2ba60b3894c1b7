"""The weight is overwritten."""


def taylor_scores(weight, grad):
    return weight.mul_(grad).abs()
