"""Adds the update without alpha."""


def merge_lora(weight, a, b, *, alpha):
    if len(a) != b.shape[1]:
        raise ValueError(f"a and b must have one rank, got {len(a)} and {b.shape[1]}")
    return weight + b @ a
