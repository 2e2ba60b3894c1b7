"""Fills the last byte with zeros in front of its bits instead of behind them."""


def huffman_encode(symbols, code):
    bits = "".join(code[symbol] for symbol in symbols)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
