"""Fills the word of each symbol up to whole bytes."""


def huffman_encode(symbols, code):
    data = bytearray()
    for symbol in symbols:
        bits = code[symbol] + "0" * (-len(code[symbol]) % 8)
        data += bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
    return bytes(data)
