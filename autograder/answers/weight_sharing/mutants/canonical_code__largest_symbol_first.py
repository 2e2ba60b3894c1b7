"""Gives the smallest word to the largest symbol among equal lengths."""


def canonical_code(lengths):
    codes, value, before = {}, 0, 0
    for symbol, length in sorted(lengths.items(), key=lambda item: (item[1], -item[0])):
        value <<= length - before
        codes[symbol] = format(value, f"0{length}b")
        value, before = value + 1, length
    return codes
