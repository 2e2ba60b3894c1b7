"""An adaptive binary range coder in integers: bits in, bytes out, and back, at the price of their surprise.

The coder keeps an interval [low, low + width) of 32-bit numbers. Each bit keeps the part of it that belongs
to the bit, in proportion to its probability p, and so costs -log2 p bits; when the interval is narrower than
2^24, its leading byte is settled and leaves. The probability comes from a context, the counts of the zeros
and ones coded in it so far: the decoder has seen the same ones, so no table is sent.

Encoder and Decoder have the same methods: `code(context, bit)` returns the bit, which the encoder is given
and the decoder finds out. One function that walks over the data thus serves both directions.

Source: Martin 1979, "Range encoding"; Krichevsky and Trofimov 1981 (the counts, each begun at one half).
"""

NARROW = 1 << 24  # below this width a byte leaves
MOST = 1 << 12  # counts are halved when their sum exceeds this; a byte holds at most 24,000 coded bits
TAIL = 4  # bytes that a decoder may read behind the end of the data; they count as zeros


class Context:
    """What was coded in one situation: twice the number of zeros and of ones, plus one each."""

    __slots__ = ("ones", "zeros")

    def __init__(self) -> None:
        self.zeros = self.ones = 1

    def split(self, width: int) -> int:
        """The part of an interval of this width that belongs to a zero; at least 1, less than all of it."""
        return width * self.zeros // (self.zeros + self.ones)

    def update(self, bit: int) -> None:
        """Count a bit."""
        if bit:
            self.ones += 2
        else:
            self.zeros += 2
        if self.zeros + self.ones > MOST:
            self.zeros, self.ones = (self.zeros + 1) // 2, (self.ones + 1) // 2


class Encoder:
    """Turns bits into bytes; `finish` gives them."""

    def __init__(self) -> None:
        self.low, self.width = 0, (1 << 32) - 1
        self.data = bytearray()

    def code(self, context: Context, bit: int) -> int:
        """Code one bit (0 or 1) in its context, which learns from it; returns the bit."""
        part = context.split(self.width)
        if bit:
            self.low, self.width = self.low + part, self.width - part
        else:
            self.width = part
        context.update(bit)
        while self.width < NARROW:
            self._carry()
            self.data.append(self.low >> 24)
            self.low, self.width = (self.low << 8) & 0xFFFFFFFF, self.width << 8
        return bit

    def _carry(self) -> None:
        """An overflow of `low` belongs to the bytes that have left already."""
        if self.low >> 32:
            self.low &= 0xFFFFFFFF
            at = len(self.data) - 1
            while self.data[at] == 255:
                self.data[at] = 0
                at -= 1
            self.data[at] += 1

    def finish(self) -> bytes:
        """All bytes; the last ones are the shortest number in the interval, zeros behind it left out."""
        for count in range(TAIL + 1):
            step = 1 << (32 - 8 * count)
            value = (self.low + step - 1) // step * step
            if value < self.low + self.width:
                break
        self.low = value
        self._carry()
        self.data += self.low.to_bytes(4, "big")[:count]
        return bytes(self.data)


class Decoder:
    """Gives back the bits that an Encoder was given, if it is asked with the same contexts.

    Raises:
        ValueError: more was asked for than the data can hold, or, by `finish`, less.
    """

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 4
        self.width = (1 << 32) - 1
        self.offset = int.from_bytes(data[:4].ljust(4, b"\0"), "big")  # the number in the data, minus low

    def code(self, context: Context, bit: int = 0) -> int:
        """The next bit in this context, which learns from it; the argument `bit` is not looked at."""
        part = context.split(self.width)
        bit = int(self.offset >= part)
        if bit:
            self.offset, self.width = self.offset - part, self.width - part
        else:
            self.width = part
        context.update(bit)
        while self.width < NARROW:
            byte = self.data[self.at] if self.at < len(self.data) else 0
            self.at += 1
            self.offset, self.width = (self.offset << 8) | byte, self.width << 8
        if self.at > len(self.data) + TAIL:
            raise ValueError("the coded data end too early")
        return bit

    def finish(self) -> None:
        """Checks that the data end here."""
        if self.at < len(self.data):
            raise ValueError(f"{len(self.data) - self.at} bytes too many behind the coded data")


def code_number(coder: Encoder | Decoder, contexts: dict[int, Context], number: int, bits: int) -> int:
    """Code a number of `bits` bits, most significant first, each bit in the context of those before it."""
    node = 1  # the bits so far, behind a leading one
    for shift in range(bits - 1, -1, -1):
        if node not in contexts:
            contexts[node] = Context()
        node = 2 * node + coder.code(contexts[node], (number >> shift) & 1)
    return node - (1 << bits)
