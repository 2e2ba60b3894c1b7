"""Returns a bit string instead of bytes."""


def huffman_encode(symbols, code):
    bits = "".join(code[symbol] for symbol in symbols)
    return bits + "0" * (-len(bits) % 8)
