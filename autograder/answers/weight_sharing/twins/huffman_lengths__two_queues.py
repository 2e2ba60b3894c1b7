"""Sorted leaves and a queue of sums, which come out in order by themselves; ties take the leaf first."""

from collections import deque


def huffman_lengths(counts):
    leaves = deque(sorted((count, [symbol]) for symbol, count in counts.items()))
    sums = deque()
    lengths = dict.fromkeys(counts, 0)

    def smallest():
        if not sums or (leaves and leaves[0][0] <= sums[0][0]):
            return leaves.popleft()
        return sums.popleft()

    while len(leaves) + len(sums) > 1:
        (a, left), (b, right) = smallest(), smallest()
        for symbol in left + right:
            lengths[symbol] += 1
        sums.append((a + b, left + right))
    return lengths if len(counts) > 1 else dict.fromkeys(counts, 1)
