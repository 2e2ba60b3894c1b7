"""Returns the signed change of the loss instead of its magnitude."""


def taylor_scores(weight, grad):
    return -weight * grad
