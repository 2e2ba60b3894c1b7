"""As RFC 1951 does it: count the lengths, find the first code of each, then number the symbols."""


def canonical_code(lengths):
    longest = max(lengths.values())
    how_many = [0] * (longest + 1)
    for length in lengths.values():
        how_many[length] += 1
    following, code = [0] * (longest + 1), 0
    for length in range(1, longest + 1):
        code = (code + how_many[length - 1]) << 1
        following[length] = code
    codes = {}
    for symbol in sorted(lengths):
        length = lengths[symbol]
        codes[symbol] = bin(following[length])[2:].zfill(length)
        following[length] += 1
    return codes
