"""Reads one symbol even if none is wanted."""


def huffman_decode(data, code, count):
    inverse = {word: symbol for symbol, word in code.items()}
    bits, at, symbols = "".join(f"{byte:08b}" for byte in data), 0, []
    while True:
        word = ""
        while word not in inverse:
            word += bits[at]
            at += 1
        symbols.append(inverse[word])
        if len(symbols) >= count:
            return symbols
