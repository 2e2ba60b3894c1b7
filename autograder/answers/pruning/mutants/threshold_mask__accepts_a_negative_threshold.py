"""Accepts a negative threshold without an error."""


def threshold_mask(weight, threshold):
    return weight.abs() > threshold
