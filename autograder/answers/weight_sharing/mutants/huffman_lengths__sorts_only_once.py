"""Sorts the counts only once and puts each sum at the end of the row."""


def huffman_lengths(counts):
    if len(counts) == 1:
        return dict.fromkeys(counts, 1)
    row = [(count, [symbol]) for symbol, count in sorted(counts.items(), key=lambda item: item[1])]
    lengths = dict.fromkeys(counts, 0)
    while len(row) > 1:
        (a, left), (b, right), *row = row
        for symbol in left + right:
            lengths[symbol] += 1
        row.append((a + b, left + right))
    return lengths
