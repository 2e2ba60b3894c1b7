"""Rounds halves up instead of away from zero."""


def integer_linear(x, x_zero, weight, bias, mantissa, shift, out_zero, *, low=0, high=255):
    sums = (x.int() - x_zero) @ weight.int().T + bias
    return (((sums.long() * mantissa + (1 << (shift - 1))) >> shift) + out_zero).clamp(low, high).int()
