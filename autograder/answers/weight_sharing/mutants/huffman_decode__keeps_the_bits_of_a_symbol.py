"""Keeps the bits of a symbol instead of beginning a new word."""


def huffman_decode(data, code, count):
    inverse = {word: symbol for symbol, word in code.items()}
    symbols, word = [], ""
    for bit in "".join(f"{byte:08b}" for byte in data):
        word += bit
        if word in inverse and len(symbols) < count:
            symbols.append(inverse[word])
    return symbols
