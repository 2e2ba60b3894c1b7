"""Fills the last byte with ones instead of zeros."""


def huffman_encode(symbols, code):
    bits = "".join(code[symbol] for symbol in symbols)
    bits += "1" * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
