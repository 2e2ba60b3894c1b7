"""Chooses one layout for all tensors together instead of one for each."""


def stored_ratio(weights):
    if not weights:
        raise ValueError("weights is empty")
    counts = [(weight.numel(), int(weight.count_nonzero())) for weight in weights.values()]
    dense = sum(4 * size for size, _ in counts)
    mask = sum(-(-size // 8) + 4 * kept for size, kept in counts)
    pairs = sum(8 * kept for _, kept in counts)
    return dense / (4 * len(counts) + min(dense, mask, pairs))
