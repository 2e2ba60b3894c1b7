"""Ones at the end of the last byte, as JPEG does."""


def huffman_encode(symbols, code):
    bits = "".join(code[symbol] for symbol in symbols)
    bits += "1" * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
