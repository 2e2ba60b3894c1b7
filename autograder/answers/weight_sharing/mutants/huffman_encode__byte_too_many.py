"""Adds a byte of zeros when the bits fill the last byte exactly."""


def huffman_encode(symbols, code):
    bits = "".join(code[symbol] for symbol in symbols)
    bits += "0" * (8 - len(bits) % 8)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
