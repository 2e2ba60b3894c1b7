"""One number, its bytes written at once; a bytearray."""


def huffman_encode(symbols, code):
    bits = "".join([code[symbol] for symbol in symbols])
    size = (len(bits) + 7) // 8
    return bytearray(int(bits.ljust(8 * size, "0"), 2).to_bytes(size, "big")) if bits else bytearray()
