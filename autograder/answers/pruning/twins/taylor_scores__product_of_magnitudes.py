"""|w| |g|."""


def taylor_scores(weight, grad):
    return weight.abs() * grad.abs()
