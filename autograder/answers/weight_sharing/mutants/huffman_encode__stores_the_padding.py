"""Puts a byte in front that says how many bits were filled."""


def huffman_encode(symbols, code):
    bits = "".join(code[symbol] for symbol in symbols)
    spare = -len(bits) % 8
    bits += "0" * spare
    return bytes([spare]) + bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
