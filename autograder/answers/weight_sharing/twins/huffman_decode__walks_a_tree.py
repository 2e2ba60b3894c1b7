"""A binary tree of dicts, walked bit by bit with shifts."""


def huffman_decode(data, code, count):
    root = {}
    for symbol, word in code.items():
        node = root
        for bit in word[:-1]:
            node = node.setdefault(int(bit), {})
        node[int(word[-1])] = symbol
    symbols, node = [], root
    for byte in data:
        for shift in range(7, -1, -1):
            if len(symbols) == count:
                return symbols
            node = node[(byte >> shift) & 1]
            if not isinstance(node, dict):
                symbols.append(node)
                node = root
    return symbols
