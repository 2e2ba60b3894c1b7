"""Joins each sum with the next count at once, which gives a tree like a comb."""


def huffman_lengths(counts):
    if len(counts) == 1:
        return dict.fromkeys(counts, 1)
    row = [(count, [symbol]) for symbol, count in sorted(counts.items(), key=lambda item: item[1])]
    lengths = dict.fromkeys(counts, 0)
    while len(row) > 1:
        (a, left), (b, right), *row = row
        for symbol in left + right:
            lengths[symbol] += 1
        row.insert(0, (a + b, left + right))
    return lengths
