"""Takes the mean of the tensors' ratios, so a small tensor counts as much as a large one."""


def stored_ratio(weights):
    if not weights:
        raise ValueError("weights is empty")
    ratios = []
    for weight in weights.values():
        size, kept = weight.numel(), int(weight.count_nonzero())
        ratios.append(4 * size / (4 + min(4 * size, -(-size // 8) + 4 * kept, 8 * kept)))
    return sum(ratios) / len(ratios)
