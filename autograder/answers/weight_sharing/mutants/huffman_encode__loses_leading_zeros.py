"""Loses whole bytes of zeros at the start."""


def huffman_encode(symbols, code):
    bits = "".join(code[symbol] for symbol in symbols)
    value = int("0" + bits + "0" * (-len(bits) % 8), 2)
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
