"""Takes all zeros at the end for filling."""


def huffman_decode(data, code, count):
    inverse = {word: symbol for symbol, word in code.items()}
    symbols, word = [], ""
    for bit in "".join(f"{byte:08b}" for byte in data).rstrip("0"):
        word += bit
        if word in inverse and len(symbols) < count:
            symbols.append(inverse[word])
            word = ""
    return symbols
