"""numpy's unpackbits, canonical decoding by first codes; a tuple of numpy integers."""

import numpy as np


def huffman_decode(data, code, count):
    bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8)).tolist()
    words = {(len(word), int(word, 2)): symbol for symbol, word in code.items()}
    at, symbols = 0, []
    for _ in range(count):
        length, value = 0, 0
        while (length, value) not in words:
            value, length, at = value * 2 + bits[at], length + 1, at + 1
        symbols.append(np.int64(words[length, value]))
    return tuple(symbols)
