"""Drops the bits that do not fill a whole byte."""


def huffman_encode(symbols, code):
    data, value, held = bytearray(), 0, 0
    for symbol in symbols:
        for bit in code[symbol]:
            value, held = value << 1 | int(bit), held + 1
            if held == 8:
                data.append(value)
                value, held = 0, 0
    return bytes(data)
