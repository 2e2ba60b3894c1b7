"""A bit for each place, k-means values, and a Huffman code of the codes; a header in JSON."""

import json
import zlib
from collections import Counter

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
    entries, parts = [], []
    for name, value in state.items():
        value = value.detach().contiguous()
        entry = {"name": name, "shape": list(value.shape), "dtype": str(value.dtype)[6:]}
        if value.dim() < 2 or value.dtype != torch.float32:
            part = value.reshape(-1).view(torch.uint8).numpy().tobytes() if value.numel() else b""
        else:
            flat = value.reshape(-1)
            kept = flat[flat != 0]
            shared = kept.unique()
            if len(shared) >= 2**bits:
                shared = kmeans_1d(kept, 2**bits - 1)
            codes = nearest_code(kept, shared).tolist() if len(kept) else []
            lengths = huffman_lengths(Counter(codes)) if codes else {}
            part = np.packbits((flat != 0).numpy()).tobytes()
            part += huffman_encode(codes, canonical_code(lengths)) if codes else b""
            entry |= {"shared": shared.tolist(), "lengths": list(lengths.items())}
        entries.append(entry | {"bytes": len(part)})
        parts.append(part)
    header = zlib.compress(json.dumps(entries).encode())
    body = len(header).to_bytes(4, "little") + header + b"".join(parts)
    return zlib.crc32(body).to_bytes(4, "little") + body


def decode_network(data):
    if len(data) < 8 or zlib.crc32(data[4:]) != int.from_bytes(data[:4], "little"):
        raise ValueError("damaged, or no network")
    at = 8 + int.from_bytes(data[4:8], "little")
    state = {}
    for entry in json.loads(zlib.decompress(data[8:at])):
        part, at = data[at : at + entry["bytes"]], at + entry["bytes"]
        shape, dtype = entry["shape"], getattr(torch, entry["dtype"])
        if "shared" not in entry:
            raw = torch.tensor(list(part), dtype=torch.uint8)
            state[entry["name"]] = raw.view(dtype).reshape(shape)
            continue
        size = (int(np.prod(shape)) + 7) // 8
        mask = np.unpackbits(np.frombuffer(part[:size], np.uint8))[: int(np.prod(shape))].astype(bool)
        weight = torch.zeros(len(mask))
        if mask.any():
            code = canonical_code(dict(entry["lengths"]))
            codes = huffman_decode(part[size:], code, int(mask.sum()))
            weight[torch.from_numpy(mask)] = torch.tensor(entry["shared"])[codes]
        state[entry["name"]] = weight.reshape(shape)
    return state
