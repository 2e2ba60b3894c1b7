"""A list sorted after each join, parents remembered; frequencies instead of counts."""


def huffman_lengths(counts):
    symbols = list(counts)
    if len(symbols) == 1:
        return {symbols[0]: 1}
    total = sum(counts.values())
    parent = {}
    rows = [(counts[symbol] / total, number) for number, symbol in enumerate(symbols)]
    fresh = len(symbols)
    while len(rows) > 1:
        rows.sort(reverse=True)
        p, a = rows.pop()
        q, b = rows.pop()
        parent[a] = parent[b] = fresh
        rows.append((p + q, fresh))
        fresh += 1

    def depth(node):
        steps = 0
        while node in parent:
            node, steps = parent[node], steps + 1
        return steps

    return {symbol: depth(number) for number, symbol in enumerate(symbols)}
