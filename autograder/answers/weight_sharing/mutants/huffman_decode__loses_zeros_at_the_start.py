"""Loses the zero bits at the start of the data."""


def huffman_decode(data, code, count):
    inverse = {word: symbol for symbol, word in code.items()}
    symbols, word = [], ""
    for bit in bin(int.from_bytes(data, "big"))[2:]:
        word += bit
        if word in inverse and len(symbols) < count:
            symbols.append(inverse[word])
            word = ""
    return symbols
