"""Knows no words of more than eight bits."""


def huffman_decode(data, code, count):
    inverse = {word: symbol for symbol, word in code.items()}
    bits, at, symbols = "".join(f"{byte:08b}" for byte in data), 0, []
    while len(symbols) < count:
        for length in range(1, 9):
            if bits[at : at + length] in inverse:
                symbols.append(inverse[bits[at : at + length]])
                at += length
                break
        else:
            break
    return symbols
