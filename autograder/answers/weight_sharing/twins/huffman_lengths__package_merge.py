"""Coins: a symbol is as long as the number of chosen packages it is in. Another tree of the same cost."""


def huffman_lengths(counts):
    if len(counts) == 1:
        return dict.fromkeys(counts, 1)
    coins = sorted((count, [symbol]) for symbol, count in counts.items())
    row = []
    for _ in range(len(counts) - 1):
        pairs = [(a[0] + b[0], a[1] + b[1]) for a, b in zip(row[::2], row[1::2], strict=False)]
        row = sorted(coins + pairs, key=lambda coin: (coin[0], len(coin[1])))
    lengths = dict.fromkeys(counts, 0)
    for _, symbols in row[: 2 * (len(counts) - 1)]:
        for symbol in symbols:
            lengths[symbol] += 1
    return lengths
