"""Returns the words instead of their lengths."""

import heapq


def huffman_lengths(counts):
    heap = [(count, number, [symbol]) for number, (symbol, count) in enumerate(counts.items())]
    heapq.heapify(heap)
    codes = dict.fromkeys(counts, "" if len(counts) > 1 else "0")
    while len(heap) > 1:
        a, number, left = heapq.heappop(heap)
        b, _, right = heapq.heappop(heap)
        for symbol in left:
            codes[symbol] = "0" + codes[symbol]
        for symbol in right:
            codes[symbol] = "1" + codes[symbol]
        heapq.heappush(heap, (a + b, number, left + right))
    return codes
