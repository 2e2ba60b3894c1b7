"""Rounds to the nearest whole number, without chance."""


def stochastic_round(x, generator):
    return x.round()
