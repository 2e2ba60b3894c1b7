"""Empties the dict of counts that was passed in."""


def huffman_lengths(counts):
    lengths = dict.fromkeys(counts, 0 if len(counts) > 1 else 1)
    members = {symbol: [symbol] for symbol in counts}
    while len(counts) > 1:
        a = min(counts, key=counts.get)
        first = counts.pop(a)
        b = min(counts, key=counts.get)
        counts[b] += first
        members[b] += members.pop(a)
        for symbol in members[b]:
            lengths[symbol] += 1
    return lengths
