"""Appends one zero when the length grows, even if it grows by more."""


def canonical_code(lengths):
    codes, value, before = {}, 0, 0
    for length, symbol in sorted((length, symbol) for symbol, length in lengths.items()):
        if before and length > before:
            value <<= 1
        codes[symbol] = format(value, f"0{length}b")
        value, before = value + 1, length
    return codes
