"""Returns a tensor instead of a list."""

import torch


def huffman_decode(data, code, count):
    inverse = {word: symbol for symbol, word in code.items()}
    symbols, word = [], ""
    for bit in "".join(f"{byte:08b}" for byte in data):
        word += bit
        if word in inverse and len(symbols) < count:
            symbols.append(inverse[word])
            word = ""
    return torch.tensor(symbols)
