"""Puts the missing bits before the first bit instead of behind the last."""


def huffman_encode(symbols, code):
    bits = "".join(code[symbol] for symbol in symbols)
    return int("0" + bits, 2).to_bytes((len(bits) + 7) // 8, "big")
