"""Loses the zeros at the beginning of a word."""


def canonical_code(lengths):
    codes, value, before = {}, 0, 0
    for length, symbol in sorted((length, symbol) for symbol, length in lengths.items()):
        value <<= length - before
        codes[symbol] = bin(value)[2:]
        value, before = value + 1, length
    return codes
