"""Reads the least significant bit of each byte first."""


def huffman_decode(data, code, count):
    inverse = {word: symbol for symbol, word in code.items()}
    symbols, word = [], ""
    for bit in "".join(f"{byte:08b}"[::-1] for byte in data):
        word += bit
        if word in inverse and len(symbols) < count:
            symbols.append(inverse[word])
            word = ""
    return symbols
