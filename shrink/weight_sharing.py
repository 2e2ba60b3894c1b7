"""Weight sharing: few values for many weights, codes as short as their entropy, one file for a network."""

import copy
import heapq
import math
import zlib
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shrink.pruning import global_magnitude_masks, polynomial_sparsity
from shrink.range_coder import Context, Decoder, Encoder, code_number


def kmeans_1d(values: Tensor, k: int, *, iterations: int = 50) -> Tensor:
    """Finds k values that stand for many: Lloyd's algorithm on numbers, from evenly spaced centroids.

    Formula: c_j <- mean of the values whose nearest centroid is c_j, until nothing moves.

    Args:
        values: float32, any shape, at least one value.
        k: number of centroids, >= 1.
        iterations: most rounds, >= 0; the start is evenly spaced from the smallest value to the largest.

    Returns:
        float32 (k,), ascending; a centroid that no value is nearest to stays where it is.

    Raises:
        ValueError: values is empty, k is less than 1, or iterations is negative.

    Source: Han et al. 2016, "Deep Compression", section 3.1 and 3.2 (linear initialization); Lloyd 1982.

    >>> kmeans_1d(torch.tensor([0.0, 1.0, 9.0, 10.0]), 2)
    tensor([0.5000, 9.5000])
    """
    if values.numel() == 0:
        raise ValueError("values must hold at least one value, got none")
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    if iterations < 0:
        raise ValueError(f"iterations must be at least 0, got {iterations}")
    return _lloyd(values.flatten().double(), k, iterations).float()


def _lloyd(values: Tensor, k: int, iterations: int) -> Tensor:
    """Lloyd's algorithm for kmeans_1d on float64 (n,); centroids float64 (k,)."""
    ordered = values.sort().values  # a cluster is a stretch of it
    sums = torch.cat([ordered.new_zeros(1), ordered.cumsum(0)])  # (n + 1,)
    centroids = torch.linspace(0, 1, k, dtype=torch.float64) * (ordered[-1] - ordered[0]) + ordered[0]
    for _ in range(iterations):
        borders = torch.searchsorted(ordered, (centroids[1:] + centroids[:-1]) / 2)  # (k - 1,)
        ends = torch.cat([borders.new_zeros(1), borders, borders.new_tensor([len(ordered)])])  # (k + 1,)
        means = (sums[ends[1:]] - sums[ends[:-1]]) / ends.diff()  # NaN where a cluster is empty
        moved = torch.where(ends.diff() > 0, means, centroids)
        if torch.equal(moved, centroids):
            break
        centroids = moved
    return centroids


def nearest_code(values: Tensor, codebook: Tensor) -> Tensor:
    """Replaces each value by the index of the codebook entry that is nearest to it.

    Formula: code_i = argmin over j of |v_i - c_j|.

    Args:
        values: float32, any shape.
        codebook: float32 (k,), k >= 1, in any order.

    Returns:
        int64, the shape of `values`, in [0, k); of two entries equally near either one.

    Raises:
        ValueError: codebook is empty.

    Source: Han et al. 2016, "Deep Compression", section 3.

    >>> nearest_code(torch.tensor([[0.1, 0.9], [-5.0, 0.4]]), torch.tensor([0.0, 1.0]))
    tensor([[0, 1],
            [0, 0]])
    """
    if codebook.numel() == 0:
        raise ValueError("codebook must hold at least one entry, got none")
    ordered, order = codebook.double().sort()  # the distances of n values to k entries need not be stored
    borders = (ordered[1:] + ordered[:-1]) / 2  # (k - 1,), half-way between neighbours
    return order[torch.bucketize(values.double(), borders)]


def centroid_gradient(grad: Tensor, codes: Tensor, k: int) -> Tensor:
    """Gathers the gradients of all weights that share a value: the gradient of that value.

    Formula: dL/dc_j = sum of dL/dw_i over all i with code_i = j.

    Args:
        grad: float32, any shape, dL/dw.
        codes: int64, the shape of `grad`, in [0, k).
        k: number of shared values, >= 1.

    Returns:
        float32 (k,); 0 for a value that no weight uses.

    Raises:
        ValueError: k is less than 1, or a code lies outside [0, k).

    Source: Han et al. 2016, "Deep Compression", section 3.3, equation 3.

    >>> centroid_gradient(torch.tensor([1.0, 2.0, 4.0]), torch.tensor([0, 2, 0]), 3)
    tensor([5., 0., 2.])
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    wrong = codes[(codes < 0) | (codes >= k)]
    if wrong.numel():
        raise ValueError(f"codes must lie in [0, {k}), got {int(wrong[0])}")
    return grad.new_zeros(k).index_add_(0, codes.flatten(), grad.flatten())


def entropy_bits(symbols: Tensor) -> float:
    """Says how many bits a sequence of symbols needs at least, if each is coded by its frequency alone.

    Formula: H = -sum over symbols s of n_s log2(n_s / n), in bits for the whole sequence of n symbols.

    Args:
        symbols: int64, any shape.

    Returns:
        Bits, >= 0; 0 for an empty sequence.

    Source: Shannon 1948, "A Mathematical Theory of Communication", section 6.

    >>> entropy_bits(torch.tensor([3, 3, 5, 7]))
    6.0
    """
    counts = symbols.flatten().unique(return_counts=True)[1].double()
    return float((counts * (counts.sum() / counts).log2()).sum())


def huffman_lengths(counts: Mapping[int, int]) -> dict[int, int]:
    """Finds how long the code word of each symbol has to be, so that all together are as short as possible.

    Formula: the two rarest groups of symbols are joined, one bit longer, until one group is left.

    Args:
        counts: symbol -> how often it occurs, >= 0.

    Returns:
        symbol -> bits of its code word, for every symbol given; a single symbol has length 1.

    Raises:
        ValueError: a count is negative.

    Source: Huffman 1952, "A Method for the Construction of Minimum-Redundancy Codes".

    >>> huffman_lengths({0: 10, 1: 3, 2: 2})
    {0: 1, 1: 2, 2: 2}
    """
    if any(count < 0 for count in counts.values()):
        raise ValueError(f"counts must be at least 0, got {min(counts.values())}")
    lengths = dict.fromkeys(counts, 0 if len(counts) > 1 else 1)
    # The number in the middle only keeps the heap from comparing lists.
    groups = [(count, number, [symbol]) for number, (symbol, count) in enumerate(counts.items())]
    heapq.heapify(groups)
    while len(groups) > 1:
        rarest, next_rarest = heapq.heappop(groups), heapq.heappop(groups)
        joined = rarest[2] + next_rarest[2]
        for symbol in joined:
            lengths[symbol] += 1
        heapq.heappush(groups, (rarest[0] + next_rarest[0], next_rarest[1], joined))
    return lengths


def canonical_code(lengths: Mapping[int, int]) -> dict[int, str]:
    """Gives each symbol its code word, so that the lengths alone tell the whole code.

    Formula: in the order of (length, symbol), word = previous word + 1, filled up with zeros to the length.

    Args:
        lengths: symbol -> bits of its code word, >= 1.

    Returns:
        symbol -> string of "0" and "1", in the order of (length, symbol); no word begins another.

    Raises:
        ValueError: a length is less than 1, or there is no prefix code with these lengths (Kraft 1949).

    Source: Schwartz and Kallick 1964, "Generating a canonical prefix encoding".

    >>> canonical_code({5: 2, 7: 1, 9: 2})
    {7: '0', 5: '10', 9: '11'}
    """
    code: dict[int, str] = {}
    word, before = 0, 0
    for length, symbol in sorted((length, symbol) for symbol, length in lengths.items()):
        if length < 1:
            raise ValueError(f"lengths must be at least 1, got {length} for {symbol}")
        word <<= length - before
        if word >> length:
            raise ValueError(f"lengths must leave room for every symbol (Kraft), got {dict(lengths)}")
        code[symbol] = f"{word:0{length}b}"
        word, before = word + 1, length
    return code


def huffman_encode(symbols: Sequence[int], code: Mapping[int, str]) -> bytes:
    """Writes the code words of the symbols one behind the other.

    Args:
        symbols: the sequence; each symbol has a word in the code.
        code: symbol -> string of "0" and "1".

    Returns:
        The bits, most significant first, the last byte filled with zeros.

    Raises:
        ValueError: a symbol has no code word.

    Source: Huffman 1952, "A Method for the Construction of Minimum-Redundancy Codes".

    >>> huffman_encode([7, 5, 9], {7: "0", 5: "10", 9: "11"}).hex()
    '58'
    """
    missing = set(symbols) - code.keys()
    if missing:
        raise ValueError(f"symbols must have a word in the code, got {min(missing)}")
    bits = "".join([code[symbol] for symbol in symbols])
    count = -(-len(bits) // 8)
    return int(bits.ljust(8 * count, "0") or "0", 2).to_bytes(count, "big")


def huffman_decode(data: bytes, code: Mapping[int, str], count: int) -> list[int]:
    """Reads symbols back: no word begins another, so the first that fits is the right one.

    Args:
        data: what `huffman_encode` gave.
        code: symbol -> string of "0" and "1".
        count: number of symbols, >= 0; the zeros that fill the last byte are none.

    Returns:
        The symbols.

    Raises:
        ValueError: count is negative, or data end before so many symbols, or hold a word that is not in code.

    Source: Huffman 1952, "A Method for the Construction of Minimum-Redundancy Codes".

    >>> huffman_decode(bytes.fromhex("58"), {7: "0", 5: "10", 9: "11"}, 3)
    [7, 5, 9]
    """
    if count < 0:
        raise ValueError(f"count must be at least 0, got {count}")
    symbol_of = {word: symbol for symbol, word in code.items()}
    longest = max(map(len, symbol_of), default=0)
    symbols: list[int] = []
    word = ""
    for bit in "".join([f"{byte:08b}" for byte in data]) if count else "":
        word += bit
        if word in symbol_of:
            symbols.append(symbol_of[word])
            word = ""
            if len(symbols) == count:
                break
        elif len(word) >= longest:
            raise ValueError(f"data holds {word}, which begins no word of the code")
    if len(symbols) < count:
        raise ValueError(f"data end after {len(symbols)} symbols, count is {count}")
    return symbols


def relative_indices(mask: Tensor, *, bits: int) -> tuple[Tensor, Tensor]:
    """Stores positions of the kept weights as distances, which are small; longer ones take padding entries.

    Formula: gap_i = position_i - position_(i-1), the first from -1; while a gap exceeds 2^bits - 1, an entry
    of gap 2^bits - 1 that stands for no weight goes before it.

    Args:
        mask: bool, any shape, True = keep; positions count row by row.
        bits: width of a stored gap, >= 1.

    Returns:
        gaps: int64 (entries,), each in [1, 2^bits - 1]; their running sum, minus 1, gives the positions.
        padding: bool (entries,), True where an entry stands for no weight.

    Raises:
        ValueError: bits is less than 1.

    Source: after Han et al. 2016, "Deep Compression", section 2 and figure 2.

    >>> relative_indices(torch.tensor([True, False, False, False, False, True]), bits=2)
    (tensor([1, 3, 2]), tensor([False,  True, False]))
    """
    if bits < 1:
        raise ValueError(f"bits must be at least 1, got {bits}")
    longest = 2**bits - 1
    positions = mask.flatten().nonzero().flatten()  # (kept,)
    whole = positions.diff(prepend=positions.new_tensor([-1]))  # (kept,), each at least 1
    bridges = (whole - 1) // longest  # padding entries before each kept weight
    last = (bridges + 1).cumsum(0) - 1  # where the entry of each kept weight stands
    padding = torch.ones(int(bridges.sum()) + len(positions), dtype=torch.bool)
    padding[last] = False
    gaps = torch.full_like(padding, longest, dtype=torch.int64)
    gaps[last] = whole - bridges * longest
    return gaps, padding


# ---- one file for a network: docs/file_format.md says what each byte means ---------------------------------

_MAGIC = b"SHRK\x01"  # the last byte is the version
_DTYPES = (
    torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.uint8,
    torch.int8, torch.int16, torch.int32, torch.int64, torch.bool,
)  # fmt: skip
_PATTERNS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}  # bytes of a value -> its bits
_MOST_ENTRIES = 255  # of a palette, so that a symbol fits a byte
_MOST_VALUES = 1 << 26  # in one file, zeros included
_MOST_DIMS = 32
_MOST_NAME = 1000  # bytes
_ENTRY = 0  # kinds of lines: of a vector, of a matrix
_ROW = 1
_COLUMN = 2
_BUCKETS = 34  # half-octaves of a probability in 65536ths, squared


def encode_network(state: Mapping[str, Tensor], *, bits: int = 5) -> bytes:
    """Stores a network in one self-contained file: shared values, and codes at the price of their surprise.

    Args:
        state: name -> tensor. Floating-point tensors of two or more dims get at most 2^bits - 1 shared values
            beside their zeros; if they have no more than that, and in all other tensors, nothing is lost.
        bits: in [1, 8].

    Returns:
        The file's bytes, for `decode_network`.

    Raises:
        ValueError: bits lies outside [1, 8]; a matrix holds NaN or infinite values; a dtype is not one of
            float16, bfloat16, float32, float64, uint8, int8, int16, int32, int64, bool; there are more than
            2^26 values, or 32 dims, or 1,000 bytes of a name.

    Source: Han et al. 2016, "Deep Compression", section 3 and 4; docs/file_format.md.

    >>> weight = torch.tensor([[0.0, 0.5], [-0.25, 0.5]])
    >>> decode_network(encode_network({"weight": weight}))["weight"]
    tensor([[ 0.0000,  0.5000],
            [-0.2500,  0.5000]])
    """
    if not 1 <= bits <= 8:
        raise ValueError(f"bits must lie in [1, 8], got {bits}")
    _check_state(state)
    table = bytearray(_MAGIC + _varint(len(state)))
    encoder, walk, before = Encoder(), _Walk(), b""
    for name, tensor in state.items():
        tensor = tensor.detach().contiguous()
        if tensor.dim() > 1 and tensor.is_floating_point():
            tensor = _shared(tensor, 2**bits - 1)
        size = tensor.element_size()
        raw = tensor.reshape(-1).view(_PATTERNS[size])  # (n,) bit patterns
        palette = _palette(raw, tensor.dtype)
        coded = len(palette) <= _MOST_ENTRIES and (tensor.dim() > 1 or 2 * len(palette) < len(raw))
        dropped = _low_zero_bytes(palette) if coded else -1
        text = name.encode()
        alike = [one == other for one, other in zip(before, text, strict=False)]
        common = [*alike, False].index(False)
        table += _varint(common) + _varint(len(text) - common) + text[common:]
        before = text
        table.append(_DTYPES.index(tensor.dtype) + 16 * (dropped + 1))
        table += _varint(tensor.dim()) + b"".join(map(_varint, tensor.shape))
        if not coded:
            table += raw.view(torch.uint8).numpy().tobytes()
            continue
        table.append(len(palette))
        table += palette.view(torch.uint8).view(-1, size)[:, dropped:].numpy().tobytes()
        ordered, order = palette.sort()
        symbols = torch.zeros(len(raw), dtype=torch.uint8)
        symbols[raw != 0] = (order[torch.searchsorted(ordered, raw[raw != 0])] + 1).to(torch.uint8)
        walk.tensor(encoder, bytearray(symbols.numpy()), tensor.shape, len(palette))
    content = bytes(table) + encoder.finish()
    return content + zlib.crc32(content).to_bytes(4, "little")


def _check_state(state: Mapping[str, Tensor]) -> None:
    """Refuses what the file cannot hold."""
    for name, tensor in state.items():
        if not isinstance(tensor, Tensor) or tensor.dtype not in _DTYPES:
            kind = getattr(tensor, "dtype", type(tensor))
            raise ValueError(f"state[{name!r}] must be a tensor of a common dtype, got {kind}")
        if len(name.encode()) > _MOST_NAME:
            raise ValueError(f"state must have names of at most {_MOST_NAME} bytes, got {name[:40]!r}...")
        if tensor.dim() > _MOST_DIMS or math.prod(max(size, 1) for size in tensor.shape) > _MOST_VALUES:
            raise ValueError(f"state[{name!r}] must have at most {_MOST_DIMS} dims, {_MOST_VALUES} values")
    if sum(tensor.numel() for tensor in state.values()) > _MOST_VALUES:
        raise ValueError(f"state must hold at most {_MOST_VALUES} values")


def _palette(raw: Tensor, dtype: torch.dtype) -> Tensor:
    """The distinct bit patterns but that of zero, in the order of their values: neighbours are alike."""
    palette: Tensor = raw[raw != 0].unique()
    return palette[palette.view(dtype).double().argsort(stable=True)]


def _low_zero_bytes(palette: Tensor) -> int:
    """How many low bytes are zero in all patterns (2 for float32 values of bfloat16 precision)."""
    lowest = palette.view(torch.uint8).view(-1, palette.element_size()).any(dim=0).tolist()
    return [*lowest, True].index(True) if lowest[:-1].count(True) else palette.element_size() - 1


def decode_network(data: bytes) -> dict[str, Tensor]:
    """Reads a network back from the bytes of `encode_network`, and from nothing else.

    Memory: at most 16 times the bytes of the network that the file declares, 4 KB a tensor and 1 MB.

    Args:
        data: the file.

    Returns:
        name -> tensor, in the order, shapes and dtypes of the network that was stored.

    Raises:
        ValueError: the data are damaged, cut off, or of another version or kind.

    Source: docs/file_format.md.

    >>> decode_network(encode_network({"steps": torch.tensor(7)}))
    {'steps': tensor(7)}
    >>> decode_network(b"GIF89a, a picture")
    Traceback (most recent call last):
    ValueError: data must begin with b'SHRK', got b'GIF8'
    """
    if bytes(data[:4]) != _MAGIC[:4]:
        raise ValueError(f"data must begin with {_MAGIC[:4]!r}, got {bytes(data[:4])!r}")
    if len(data) < len(_MAGIC) + 5:
        raise ValueError(f"data are cut off: {len(data)} bytes")
    if data[4] != _MAGIC[4]:
        raise ValueError(f"data must be of version {_MAGIC[4]}, got {data[4]}")
    content = memoryview(data)[:-4]
    if zlib.crc32(content) != int.from_bytes(data[-4:], "little"):
        raise ValueError("data are damaged: the checksum does not fit")
    reader = _Reader(content, len(_MAGIC))
    entries: list[_Entry] = []
    for _ in range(reader.number(len(data))):
        entries.append(_read_entry(reader, entries[-1].name.encode() if entries else b""))
    if len({entry.name for entry in entries}) < len(entries):
        raise ValueError("data are damaged: a name occurs twice")
    if sum(math.prod(entry.shape) for entry in entries) > _MOST_VALUES:
        raise ValueError(f"data declare more than {_MOST_VALUES} values")
    decoder, walk = Decoder(bytes(content[reader.at :])), _Walk()
    state = {}
    for name, dtype, shape, values, coded in entries:
        if coded:
            symbols = bytearray(math.prod(shape))
            walk.tensor(decoder, symbols, shape, len(values) - 1)
            parts = (torch.frombuffer(symbols, dtype=torch.uint8) if symbols else torch.empty(0)).split(65536)
            values = torch.cat([values[part.long()] for part in parts])
        state[name] = values.view(dtype).view(shape)
    decoder.finish()
    return state


def _shared(tensor: Tensor, most: int) -> Tensor:
    """The tensor with its non-zero values replaced by at most so many, each within half their largest gap."""
    kept = tensor[tensor != 0]
    if not kept.isfinite().all():
        raise ValueError("state must hold finite weights, got NaN or an infinite one")
    tensor = tensor + 0.0  # a negative zero is a zero
    if len(kept.unique()) <= most:
        return tensor
    codebook = _lloyd(kept.double(), most, 50)
    smallest = kept.double()[kept.abs().argmin()]
    codebook = torch.where(codebook == 0, smallest, codebook)  # zero is not shared: zeros stay alone
    if most > 1:  # the means of the outermost clusters lie further in than half a gap may bridge
        reach = codebook.sort().values.diff().max() / 2
        codebook[0] = torch.minimum(codebook[0], kept.min() + reach)
        codebook[-1] = torch.maximum(codebook[-1], kept.max() - reach)
    codebook = codebook.to(tensor.dtype)
    codebook = torch.where(codebook == 0, smallest.to(tensor.dtype), codebook)
    tensor[tensor != 0] = codebook[nearest_code(kept, codebook)]
    return tensor


class _Walk:
    """The order in which the symbols of a network are coded, and the contexts they are coded in.

    A symbol is 0 for a zero and 1 + its place in the palette otherwise. Encoding, `symbols` is read;
    decoding, it is filled in, for the coder returns each bit.
    """

    def __init__(self) -> None:
        self.contexts: defaultdict[tuple[int, ...], Context] = defaultdict(Context)
        self.live = bytearray()  # which rows of the last matrix hold anything

    def tensor(
        self, coder: Encoder | Decoder, symbols: bytearray, shape: Sequence[int], entries: int
    ) -> None:
        """Codes one tensor: which rows and columns hold anything, then what they hold."""
        if not symbols or not entries:
            return
        rows = shape[0] if shape else 1
        columns = len(symbols) // rows
        by_row = (symbols[row * columns : (row + 1) * columns] for row in range(rows))
        if len(shape) < 2:
            self._values(
                coder, symbols, self._flags(coder, by_row, rows, _ENTRY, 0), bytearray(b"\1"), 0, entries
            )
            return
        live_rows = self._flags(coder, by_row, rows, _ROW, 0)
        square = math.isqrt(columns)
        width = shape[-1] if len(shape) > 2 else square if square * square == columns else 0
        by_column = (symbols[column::columns] for column in range(columns))
        live_columns = self._flags(coder, by_column, columns, _COLUMN, width)
        self._values(coder, symbols, live_rows, live_columns, width, entries)
        self.live = live_rows

    def _flags(
        self, coder: Encoder | Decoder, lines: Iterable[bytearray], count: int, kind: int, width: int
    ) -> bytearray:
        """Which lines hold anything: coded beside their neighbours' flags and that of their neuron."""
        flags = bytearray(count)
        known = len(self.live) if kind != _ROW else 0
        for at, line in enumerate(lines):
            neuron = self.live[at * known // count] if known and count % known == 0 else 2
            before = flags[at - 1] if at else 1
            above = flags[at - width] if 0 < width <= at else 0
            flags[at] = coder.code(self.contexts[kind, neuron, before, above], int(any(line)))
        return flags

    def _values(
        self,
        coder: Encoder | Decoder,
        symbols: bytearray,
        live_rows: bytearray,
        live_columns: bytearray,
        width: int,
        entries: int,
    ) -> None:
        """The symbols where a row and a column cross that both hold something."""
        columns = len(live_columns)
        live = array("I", [column for column in range(columns) if live_columns[column]])
        in_column, share = array("I", bytes(4 * len(live))), array("I", bytes(4 * len(live)))
        here = [[Context() for _ in range(4)] for _ in range(_BUCKETS)]  # is there a value?
        which: list[dict[int, Context]] = [{} for _ in range(5)]  # if so, which one?
        vote = [0] + [1 if 2 * place >= entries else -1 for place in range(entries)]
        offsets = (1, width - 1, width, width + 1) if width > 1 else ()  # before, and three above
        bits = (entries - 1).bit_length()
        seen = total = 0  # rows and values so far
        for row in range(len(live_rows)):
            if not live_rows[row]:
                continue
            mean = ((total + 1) << 16) // (seen * len(live) + 2)  # in 65536ths
            for at, count in enumerate(in_column):
                share[at] = ((count << 16) + 4 * mean) // (seen + 4)
            in_row = 0
            for at, column in enumerate(live):
                place = row * columns + column
                near = [symbols[place - offset] for offset in offsets if offset <= column]
                if columns > 1:
                    likely = ((in_row << 16) + 4 * mean) // (at + 4) * share[at] // mean
                    bucket = min((likely * likely).bit_length(), _BUCKETS - 1)
                    context = here[bucket][min(len(near) - near.count(0), 3)]
                    if not coder.code(context, int(symbols[place] > 0)):
                        continue
                sides = sum([vote[symbol] for symbol in near])
                contexts = which[max(-2, min(sides, 2)) + 2]
                symbols[place] = number = 1 + code_number(coder, contexts, symbols[place] - 1, bits)
                if number > entries:
                    raise ValueError(f"data are damaged: symbol {number} of {entries}")
                in_row += 1
                in_column[at] += 1
            seen, total = seen + 1, total + in_row


class _Entry(NamedTuple):
    """What the table says of one tensor; `values` are bit patterns: its palette behind a zero, or all."""

    name: str
    dtype: torch.dtype
    shape: tuple[int, ...]
    values: Tensor
    coded: bool


class _Reader:
    """Takes bytes off the front, and never more than there are."""

    def __init__(self, data: memoryview, at: int) -> None:
        self.data, self.at = data, at

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise ValueError(f"data are damaged: {count} bytes are wanted, {len(self.data) - self.at} left")
        self.at += count
        return bytes(self.data[self.at - count : self.at])

    def number(self, most: int) -> int:
        """Seven bits a byte, the lowest first; the eighth says that more follow."""
        number = shift = 0
        while True:
            byte = self.take(1)[0]
            number |= (byte & 127) << shift
            if number > most or shift > 35:
                raise ValueError(f"data are damaged: a number of {number} or more, at most {most} can be")
            if byte < 128:
                return number
            shift += 7


def _varint(number: int) -> bytes:
    """What `_Reader.number` reads."""
    data = bytearray()
    while number > 127:
        data.append(number & 127 | 128)
        number >>= 7
    return bytes([*data, number])


def _read_entry(reader: _Reader, before: bytes) -> _Entry:
    """One tensor's line in the table; every size is checked before it is allocated."""
    name = before[: reader.number(len(before))]  # the name before it begins alike
    name += reader.take(reader.number(_MOST_NAME - len(name)))
    kind = reader.take(1)[0]
    if kind % 16 >= len(_DTYPES) or kind // 16 > _DTYPES[kind % 16].itemsize:
        raise ValueError(f"data are damaged: there is no kind {kind}")
    dtype, dropped = _DTYPES[kind % 16], kind // 16 - 1
    shape = tuple(reader.number(_MOST_VALUES) for _ in range(reader.number(_MOST_DIMS)))
    if math.prod(max(size, 1) for size in shape) > _MOST_VALUES:
        raise ValueError(f"data declare more than {_MOST_VALUES} values")
    if dropped < 0:
        patterns = bytearray(reader.take(math.prod(shape) * dtype.itemsize))
        values = torch.frombuffer(patterns, dtype=torch.uint8) if patterns else torch.empty(0).byte()
    else:
        count, width = reader.take(1)[0], dtype.itemsize - dropped
        stored = torch.frombuffer(bytearray(reader.take(count * width)), dtype=torch.uint8) if count else None
        values = torch.zeros(count + 1, dtype.itemsize, dtype=torch.uint8)
        if stored is not None:
            values[1:, dropped:] = stored.view(count, width)
    if dtype is torch.bool and bool((values > 1).any()):
        raise ValueError("data are damaged: a bool that is neither 0 nor 1")
    return _Entry(name.decode(), dtype, shape, values.flatten().view(_PATTERNS[dtype.itemsize]), dropped >= 0)


# ---- the experiment: LeNet-300-100 in as few bytes as it can bear ------------------------------------------

_UNITS = (80, 40)  # hidden neurons that are kept of 300 and 100
_WEIGHTS = 5500  # kept in all three matrices
_LEVELS = (4, 5, 5)  # shared values of each
_BIAS_STEP = 0.125


def compress_lenet(
    model: nn.Sequential, images: Tensor, labels: Tensor, *, generator: torch.Generator
) -> bytes:
    """Makes a file of LeNet-300-100 that is at least 100 times smaller, at no more than 1.8 % error.

    Formula: ratio = 1,066,440 / len(file). Units go first, then weights, then values: the net is cut down to
    its strongest neurons, pruned while it learns from the dense net and the labels, and its weights share a
    few values, trained with the rounded weights in the forward pass. Neurons are sorted, so that the empty
    ones lie together.

    Args:
        model: LeNet-300-100 as trained, `shrink.nets.lenet_300_100()` with its checkpoint; left as it is.
        images: float32 (60000, 784), the training images, normalised as `shrink.data.to_float` does.
        labels: int64 (60000,), digits 0 to 9.
        generator: where all randomness comes from.

    Returns:
        A file for `decode_network`: names, shapes and dtypes as in `model.state_dict()`.

    Source: Han et al. 2016, "Deep Compression" (40 times at 1.58 % error); Zhu and Gupta 2017, "To
    prune, or not to prune"; Bengio et al. 2013 (gradients as if nothing had been rounded).

    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 10))
    >>> arguments = torch.rand(20, 784), torch.arange(20) % 10
    >>> file = compress_lenet(model, *arguments, generator=torch.Generator().manual_seed(0))
    >>> [tuple(tensor.shape) for tensor in decode_network(file).values()]
    [(300, 784), (300,), (10, 300), (10,)]
    """
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    weights, biases = _strongest_units(layers, _UNITS)
    data = images, labels, copy.deepcopy(model).eval(), generator
    _train(weights, biases, data, epochs=6, rate=2e-3)
    masks = _train(weights, biases, data, epochs=28, rate=1e-3, keep=_WEIGHTS)
    shared = _train_shared(weights, masks, biases, data, epochs=12)
    small = [bias.detach().div(_BIAS_STEP).round() * _BIAS_STEP for bias in biases]
    _sort_units_(shared, small)
    state = {name: torch.zeros_like(tensor) for name, tensor in model.state_dict().items()}
    names = [name for name, tensor in state.items() if tensor.dim() == 2]
    for name, weight, bias in zip(names, shared, small, strict=True):
        state[name][: len(weight), : weight.shape[1]] = weight
        state[name.removesuffix("weight") + "bias"][: len(bias)] = bias
    return encode_network(state)


def _strongest_units(layers: list[nn.Linear], units: Sequence[int]) -> tuple[list[Tensor], list[Tensor]]:
    """Weights and biases without the hidden neurons whose weights, in and out, are smallest."""
    weights = [layer.weight.detach().clone() for layer in layers]
    biases = [layer.bias.detach().clone() for layer in layers]
    for at in range(
        len(layers) - 2, -1, -1
    ):  # backwards: what leads to a neuron that has gone does not count
        strength = weights[at].norm(dim=1) * weights[at + 1].norm(dim=0)  # (neurons,)
        chosen = strength.argsort(descending=True)[: units[at]]
        weights[at], biases[at] = weights[at][chosen], biases[at][chosen]
        weights[at + 1] = weights[at + 1][:, chosen]
    return [weight.requires_grad_() for weight in weights], [bias.requires_grad_() for bias in biases]


_Data = tuple[Tensor, Tensor, nn.Module, torch.Generator]  # images, labels, the dense net, randomness


def _losses(data: _Data, epochs: int) -> Iterator[tuple[float, Callable[..., Tensor]]]:
    """For each batch how far training has come, and its loss as a function of weights and biases."""
    images, labels, teacher, generator = data
    total = epochs * -(-len(labels) // 256)
    step = 0
    for _ in range(epochs):
        for chosen in torch.randperm(len(labels), generator=generator).split(256):
            square = F.pad(images[chosen].view(-1, 28, 28), (1, 1, 1, 1), value=float(images[0].min()))
            down, right = torch.randint(3, (2,), generator=generator).tolist()  # the batch moves by a pixel
            inputs = square[:, down : down + 28, right : right + 28].reshape(-1, 784)
            with torch.no_grad():
                soft = F.log_softmax(teacher(inputs) / 2, dim=1)
            yield step / total, partial(_loss, inputs, labels[chosen], soft)
            step += 1


def _loss(
    inputs: Tensor, labels: Tensor, soft: Tensor, weights: list[Tensor], biases: list[Tensor]
) -> Tensor:
    """Half the labels, half the dense net's opinion at temperature 2, of which soft is the logarithm."""
    hidden = inputs
    for at, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        hidden = F.linear(hidden if at == 0 else hidden.relu(), weight, bias)
    opinion = F.kl_div(F.log_softmax(hidden / 2, dim=1), soft, log_target=True, reduction="batchmean")
    return 0.5 * F.cross_entropy(hidden, labels) + 0.5 * 4 * opinion


def _train(
    weights: list[Tensor], biases: list[Tensor], data: _Data, *, epochs: int, rate: float, keep: int = 0
) -> list[Tensor]:
    """Trains; with `keep` ever more weights are masked, by one ranking, until so many are left."""
    named = {str(at): weight for at, weight in enumerate(weights)}
    total = sum(weight.numel() for weight in weights)
    masks = [torch.ones_like(weight) for weight in weights]
    optimizer = torch.optim.Adam([*weights, *biases])
    for step, (progress, loss) in enumerate(_losses(data, epochs)):
        if keep and step % 20 == 0:
            sparsity = polynomial_sparsity(
                int(1000 * progress), start=0, end=700, final=max(0.0, 1 - keep / total)
            )
            found = global_magnitude_masks({name: w.detach() for name, w in named.items()}, sparsity)
            masks = [mask.float() for mask in found.values()]
        optimizer.param_groups[0]["lr"] = rate * min(1, 2 * (1 - progress))
        optimizer.zero_grad()
        loss([weight * mask for weight, mask in zip(weights, masks, strict=True)], biases).backward()
        optimizer.step()
    return masks


def _train_shared(
    weights: list[Tensor], masks: list[Tensor], biases: list[Tensor], data: _Data, *, epochs: int
) -> list[Tensor]:
    """The weights with few values each: forward with the rounded ones, gradients to all that are behind."""
    kept = [mask.flatten().nonzero().flatten() for mask in masks]  # positions
    books = [
        kmeans_1d(weight.detach().flatten()[places], levels).requires_grad_()
        for weight, places, levels in zip(weights, kept, _LEVELS[-len(weights) :], strict=True)
    ]
    optimizer = torch.optim.Adam([{"params": weights}, {"params": [*books, *biases]}])
    for progress, loss in _losses(data, epochs):
        for group, rate in zip(optimizer.param_groups, (3e-4, 1e-3), strict=True):
            group["lr"] = rate * (1 - progress)
        optimizer.zero_grad()
        loss([_rounded(*each) for each in zip(weights, kept, books, strict=True)], biases).backward()
        optimizer.step()
    # Eight bits of precision are enough for a shared value, and the file then stores two bytes of it.
    return [
        _rounded(weight.detach(), places, book.detach().bfloat16().float())
        for weight, places, book in zip(weights, kept, books, strict=True)
    ]


def _rounded(weight: Tensor, places: Tensor, book: Tensor) -> Tensor:
    """Zeros, and at these places the nearest shared value; the gradient reaches the value and the weight."""
    values = weight.flatten()[places]
    shared = book[nearest_code(values.detach(), book.detach())] + (values - values.detach())
    return torch.zeros(weight.numel()).index_put((places,), shared).view(weight.shape)


def _sort_units_(weights: list[Tensor], biases: list[Tensor]) -> None:
    """Sorts hidden neurons by how many weights they have; the net computes what it did."""
    for at in range(len(weights) - 1):
        order = weights[at].count_nonzero(dim=1).argsort(descending=True, stable=True)
        weights[at], biases[at] = weights[at][order], biases[at][order]
        weights[at + 1] = weights[at + 1][:, order]
