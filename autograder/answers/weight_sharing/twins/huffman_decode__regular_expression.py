"""A regular expression of all words finds them one behind the other."""

import re


def huffman_decode(data, code, count):
    symbol_of = {word: symbol for symbol, word in code.items()}
    bits = "".join(map("{:08b}".format, data))
    pattern = re.compile("|".join(symbol_of))
    return [symbol_of[word] for word in pattern.findall(bits)[:count]]
