"""Fails at equal counts, because it compares a symbol with a tree."""

import heapq


def huffman_lengths(counts):
    if len(counts) == 1:
        return dict.fromkeys(counts, 1)
    heap = [(count, symbol) for symbol, count in counts.items()]
    heapq.heapify(heap)
    while len(heap) > 1:
        a, left = heapq.heappop(heap)
        b, right = heapq.heappop(heap)
        heapq.heappush(heap, (a + b, (left, right)))
    lengths = {}

    def walk(tree, depth):
        if isinstance(tree, tuple):
            walk(tree[0], depth + 1)
            walk(tree[1], depth + 1)
        else:
            lengths[tree] = depth

    walk(heap[0][1], 0)
    return lengths
