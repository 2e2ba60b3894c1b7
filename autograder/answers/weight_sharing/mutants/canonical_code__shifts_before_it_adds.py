"""Appends the zeros before it counts up instead of afterwards."""


def canonical_code(lengths):
    codes, value, before = {}, -1, 0
    for length, symbol in sorted((length, symbol) for symbol, length in lengths.items()):
        value = (value << (length - before)) + 1 if before else 0
        codes[symbol] = format(value, f"0{length}b")
        before = length
    return codes
