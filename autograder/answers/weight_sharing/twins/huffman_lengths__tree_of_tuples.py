"""A tree and a walk through it."""

import heapq
from itertools import count as numbers


def huffman_lengths(counts):
    ticket = numbers()
    heap = [(count, next(ticket), symbol) for symbol, count in counts.items()]
    heapq.heapify(heap)
    while len(heap) > 1:
        a, b = heapq.heappop(heap), heapq.heappop(heap)
        heapq.heappush(heap, (a[0] + b[0], next(ticket), (a, b)))
    lengths, todo = {}, [(heap[0], 0)]
    while todo:
        (_, _, node), depth = todo.pop()
        if isinstance(node, tuple):
            todo += [(node[0], depth + 1), (node[1], depth + 1)]
        else:
            lengths[node] = max(1, depth)
    return lengths
