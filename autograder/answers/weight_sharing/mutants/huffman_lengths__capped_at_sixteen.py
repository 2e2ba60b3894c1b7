"""Cuts long words to 16 bits, which leaves no prefix code."""

import heapq


def huffman_lengths(counts):
    heap = [(count, number, [symbol]) for number, (symbol, count) in enumerate(counts.items())]
    heapq.heapify(heap)
    lengths = dict.fromkeys(counts, 0 if len(counts) > 1 else 1)
    while len(heap) > 1:
        a, number, left = heapq.heappop(heap)
        b, _, right = heapq.heappop(heap)
        for symbol in left + right:
            lengths[symbol] += 1
        heapq.heappush(heap, (a + b, number, left + right))
    return {symbol: min(16, length) for symbol, length in lengths.items()}
