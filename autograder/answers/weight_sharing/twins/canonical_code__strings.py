"""Adds one to a string of bits: the last 0 becomes 1, the ones behind it 0."""


def canonical_code(lengths):
    codes, word = {}, None
    for symbol, length in sorted(lengths.items(), key=lambda item: (item[1], item[0])):
        if word is None:
            word = ""
        else:
            stem = word.rstrip("1")
            word = stem[:-1] + "1" + "0" * (len(word) - len(stem))
        word = word.ljust(length, "0")
        codes[symbol] = word
    return codes
