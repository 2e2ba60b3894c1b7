"""Reads on behind the last symbol and takes the filled zeros for symbols."""


def huffman_decode(data, code, count):
    inverse = {word: symbol for symbol, word in code.items()}
    symbols, word = [], ""
    for bit in "".join(f"{byte:08b}" for byte in data):
        word += bit
        if word in inverse:
            symbols.append(inverse[word])
            word = ""
    return symbols
