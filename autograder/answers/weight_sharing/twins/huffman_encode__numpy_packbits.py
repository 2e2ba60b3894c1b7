"""numpy's packbits fills the last byte with zeros."""

import numpy as np


def huffman_encode(symbols, code):
    bits = np.array([bit == "1" for symbol in symbols for bit in code[symbol]], dtype=bool)
    return np.packbits(bits).tobytes()
