"""Loses symbols that have equal counts."""


def huffman_lengths(counts):
    if len(counts) == 1:
        return dict.fromkeys(counts, 1)
    groups = {}
    for symbol, count in counts.items():
        groups[count] = [symbol]
    lengths = dict.fromkeys(counts, 1)
    while len(groups) > 1:
        a, b = sorted(groups)[:2]
        joined = groups.pop(a) + groups.pop(b)
        for symbol in joined:
            lengths[symbol] += 1
        groups[a + b] = joined
    return lengths
