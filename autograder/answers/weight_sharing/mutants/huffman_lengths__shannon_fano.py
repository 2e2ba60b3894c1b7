"""Divides the symbols from above (Shannon-Fano) instead of joining them from below."""


def huffman_lengths(counts):
    lengths = dict.fromkeys(counts, 0 if len(counts) > 1 else 1)

    def divide(symbols):
        if len(symbols) < 2:
            return
        total, left, best, cut = sum(counts[s] for s in symbols), 0, None, 1
        for at, symbol in enumerate(symbols[:-1], 1):
            left += counts[symbol]
            if best is None or abs(total - 2 * left) < best:
                best, cut = abs(total - 2 * left), at
        for symbol in symbols:
            lengths[symbol] += 1
        divide(symbols[:cut])
        divide(symbols[cut:])

    divide(sorted(counts, key=lambda symbol: -counts[symbol]))
    return lengths
