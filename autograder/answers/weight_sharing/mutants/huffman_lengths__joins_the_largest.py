"""Joins the largest counts instead of the smallest."""


def huffman_lengths(counts):
    if len(counts) == 1:
        return dict.fromkeys(counts, 1)
    row = [(count, [symbol]) for symbol, count in counts.items()]
    lengths = dict.fromkeys(counts, 0)
    while len(row) > 1:
        row.sort(key=lambda item: item[0])
        (a, left), (b, right) = row.pop(), row.pop()
        for symbol in left + right:
            lengths[symbol] += 1
        row.append((a + b, left + right))
    return lengths
