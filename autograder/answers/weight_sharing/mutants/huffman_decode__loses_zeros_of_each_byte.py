"""Loses the zero bits at the start of each byte."""


def huffman_decode(data, code, count):
    inverse = {word: symbol for symbol, word in code.items()}
    symbols, word = [], ""
    for bit in "".join(bin(byte)[2:] for byte in data):
        word += bit
        if word in inverse and len(symbols) < count:
            symbols.append(inverse[word])
            word = ""
    return symbols
