"""Writes the least significant bit of each byte first."""


def huffman_encode(symbols, code):
    bits = "".join(code[symbol] for symbol in symbols)
    data = bytearray((len(bits) + 7) // 8)
    for at, bit in enumerate(bits):
        data[at // 8] |= int(bit) << (at % 8)
    return bytes(data)
