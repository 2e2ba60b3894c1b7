"""Returns whole numbers instead of bit strings."""


def canonical_code(lengths):
    codes, value, before = {}, 0, 0
    for length, symbol in sorted((length, symbol) for symbol, length in lengths.items()):
        value <<= length - before
        codes[symbol] = value
        value, before = value + 1, length
    return codes
