"""Begins with the longest words instead of the shortest."""


def canonical_code(lengths):
    codes, value, before = {}, 0, max(lengths.values())
    for symbol, length in sorted(lengths.items(), key=lambda item: (-item[1], item[0])):
        value >>= before - length
        codes[symbol] = format(value, f"0{length}b")
        value, before = value + 1, length
    return codes
