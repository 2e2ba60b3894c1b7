"""Writes a whole byte for each bit."""


def huffman_encode(symbols, code):
    return "".join(code[symbol] for symbol in symbols).encode()
