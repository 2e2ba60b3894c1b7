"""Reads each byte for itself and loses words that reach into the next."""


def huffman_decode(data, code, count):
    inverse = {word: symbol for symbol, word in code.items()}
    symbols = []
    for byte in data:
        word = ""
        for bit in f"{byte:08b}":
            word += bit
            if word in inverse and len(symbols) < count:
                symbols.append(inverse[word])
                word = ""
    return symbols
