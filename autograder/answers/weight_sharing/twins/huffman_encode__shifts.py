"""A register that gives off its upper eight bits."""


def huffman_encode(symbols, code):
    table = {symbol: (int(word, 2), len(word)) for symbol, word in code.items()}
    data, register, held = bytearray(), 0, 0
    for symbol in symbols:
        value, length = table[symbol]
        register, held = (register << length) | value, held + length
        while held >= 8:
            held -= 8
            data.append(register >> held)
            register &= (1 << held) - 1
    if held:
        data.append(register << (8 - held))
    return bytes(data)
