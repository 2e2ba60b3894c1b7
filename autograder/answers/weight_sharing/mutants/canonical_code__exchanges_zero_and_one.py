"""Begins with all ones and counts down instead of beginning with zeros."""


def canonical_code(lengths):
    codes, value, before = {}, 0, 0
    for length, symbol in sorted((length, symbol) for symbol, length in lengths.items()):
        value <<= length - before
        codes[symbol] = format((1 << length) - 1 - value, f"0{length}b")
        value, before = value + 1, length
    return codes
