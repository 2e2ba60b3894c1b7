"""Replaces short words wherever they occur, even inside longer ones."""


def huffman_decode(data, code, count):
    bits = "".join(f"{byte:08b}" for byte in data)
    for symbol, word in sorted(code.items(), key=lambda item: len(item[1])):
        bits = bits.replace(word, f" s{symbol} ".replace("0", "o").replace("1", "i"))
    words = bits.replace("o", "0").replace("i", "1").split()
    return [int(word[1:]) for word in words if word[0] == "s"][:count]
