"""Never stores a tensor densely, so that an unpruned one grows."""


def stored_ratio(weights):
    if not weights:
        raise ValueError("weights is empty")
    stored = dense = 0
    for weight in weights.values():
        size, kept = weight.numel(), int(weight.count_nonzero())
        stored += 4 + min(-(-size // 8) + 4 * kept, 8 * kept)
        dense += 4 * size
    return dense / stored
