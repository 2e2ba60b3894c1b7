"""Orders the symbols as text, so that 10 comes before 2."""


def canonical_code(lengths):
    codes, value, before = {}, 0, 0
    for symbol in sorted(lengths, key=lambda symbol: (lengths[symbol], str(symbol))):
        length = lengths[symbol]
        value <<= length - before
        codes[symbol] = format(value, f"0{length}b")
        value, before = value + 1, length
    return codes
