"""Writes the bits of each word in reverse."""


def canonical_code(lengths):
    codes, value, before = {}, 0, 0
    for length, symbol in sorted((length, symbol) for symbol, length in lengths.items()):
        value <<= length - before
        codes[symbol] = format(value, f"0{length}b")[::-1]
        value, before = value + 1, length
    return codes
