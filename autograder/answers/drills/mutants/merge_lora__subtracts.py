"""Subtracts the update."""


def merge_lora(weight, a, b, *, alpha):
    if len(a) != b.shape[1]:
        raise ValueError(f"a and b must have one rank, got {len(a)} and {b.shape[1]}")
    return weight - alpha / len(a) * (b @ a)
