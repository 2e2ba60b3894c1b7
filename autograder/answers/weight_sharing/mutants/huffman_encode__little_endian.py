"""Writes the bytes in reverse order."""


def huffman_encode(symbols, code):
    bits = "".join(code[symbol] for symbol in symbols)
    bits += "0" * (-len(bits) % 8)
    return int("0" + bits, 2).to_bytes(len(bits) // 8, "little")
