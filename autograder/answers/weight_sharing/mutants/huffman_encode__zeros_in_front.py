"""to_bytes puts the missing bits before the first."""


def huffman_encode(symbols, code):
    bits = "".join(code[symbol] for symbol in symbols)
    return int("0" + bits, 2).to_bytes((len(bits) + 7) // 8, "big")
