"""Runs of zeros and codes of plain k-means, each with a Huffman code; the tables stand in a JSON header."""

import json
import struct
import zlib

import numpy as np
import torch

from shrink.weight_sharing import (
    canonical_code,
    huffman_decode,
    huffman_encode,
    huffman_lengths,
    kmeans_1d,
    nearest_code,
)


def encode_network(state, *, bits=5):
    head, parts = [], []
    for name, tensor in state.items():
        tensor = tensor.detach()
        line = {"name": name, "shape": list(tensor.shape), "dtype": str(tensor.dtype)[6:]}
        if tensor.dim() < 2 or not tensor.count_nonzero():
            blob = tensor.contiguous().numpy().tobytes() if tensor.dim() < 2 else b""
            line["raw"] = len(blob) if tensor.dim() < 2 else -1
        else:
            flat = tensor.flatten()
            values = flat[flat != 0]
            distinct = values.unique()
            book = distinct if len(distinct) < 2**bits else kmeans_1d(values, 2**bits - 1)
            symbols = torch.zeros(len(flat), dtype=torch.int64)
            symbols[flat != 0] = nearest_code(values, book) + 1
            runs, which, run = [], [], 0
            for symbol in symbols.tolist():
                if symbol == 0 and run < 254:
                    run += 1
                    continue
                runs.append(run)
                which.append(symbol)
                run = 0
            blob = b""
            for sequence in (runs, which):
                counts = {symbol: sequence.count(symbol) for symbol in set(sequence)}
                lengths = huffman_lengths(counts)
                coded = huffman_encode(sequence, canonical_code(lengths))
                line.setdefault("codes", []).append([sorted(lengths.items()), len(sequence), len(coded)])
                blob += coded
            line["book"] = [float(value) for value in book]
        head.append(line)
        parts.append(blob)
    text = json.dumps(head).encode()
    body = struct.pack("<I", len(text)) + text + b"".join(parts)
    body = struct.pack("<I", len(body)) + body
    return b"HN" + body + struct.pack("<I", zlib.crc32(b"HN" + body))


def decode_network(data):
    data = bytes(data)
    if data[:2] != b"HN" or len(data) < 14 or struct.pack("<I", zlib.crc32(data[:-4])) != data[-4:]:
        raise ValueError("these are not the data of a network, or not all of them")
    (size,) = struct.unpack("<I", data[6:10])
    head, at = json.loads(data[10 : 10 + size]), 10 + size
    state = {}
    for line in head:
        shape = line["shape"]
        if line.get("raw", 0) >= 0 and "raw" in line:
            array = np.frombuffer(data[at : at + line["raw"]], dtype=line["dtype"])
            state[line["name"]] = torch.from_numpy(array.copy()).reshape(shape)
            at += line["raw"]
            continue
        flat = np.zeros(int(np.prod(shape)), dtype=np.float32)
        if "raw" not in line:
            sequences = []
            for lengths, count, length in line["codes"]:
                code = canonical_code(dict(lengths))
                sequences.append(huffman_decode(data[at : at + length], code, count))
                at += length
            place = -1
            for run, symbol in zip(*sequences, strict=True):
                place += run + 1
                flat[place] = line["book"][symbol - 1] if symbol else 0.0
        state[line["name"]] = torch.from_numpy(flat).reshape(shape)
    return state
