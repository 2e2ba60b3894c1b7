"""Each code is the binary fraction at which its symbol's share of [0, 1) begins."""

from fractions import Fraction


def canonical_code(lengths):
    start, codes = Fraction(0), {}
    for symbol in sorted(lengths, key=lambda symbol: (lengths[symbol], symbol)):
        length = lengths[symbol]
        codes[symbol] = f"{int(start * 2**length):0{length}b}"
        start += Fraction(1, 2**length)
    return {symbol: codes[symbol] for symbol in lengths}
