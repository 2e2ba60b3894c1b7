"""Orders the words by symbol alone instead of by length first."""


def canonical_code(lengths):
    codes, value = {}, 0
    longest = max(lengths.values())
    for symbol in sorted(lengths):
        length = lengths[symbol]
        codes[symbol] = format(value >> (longest - length), f"0{length}b")
        value += 1 << (longest - length)
    return codes
