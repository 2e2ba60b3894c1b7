"""Reads the weights as they lie in memory, which is another order for a transposed matrix."""

import io
import lzma
import zlib

import torch


def share(values, most):
    distinct = values.unique()
    if len(distinct) <= most:
        return distinct
    return torch.linspace(float(values.min()), float(values.max()), most)


def encode_network(state, *, bits=5):
    stored = {}
    for name, tensor in state.items():
        tensor = tensor.detach()
        if tensor.dim() < 2:
            stored[name] = tensor
            continue
        tensor = torch.tensor([], dtype=tensor.dtype).set_(tensor.untyped_storage()).view(tensor.shape)
        kept = tensor != 0
        book = share(tensor[kept], 2**bits - 1)
        codes = torch.zeros(tensor.shape, dtype=torch.uint8)
        if kept.any():
            distance = (tensor[kept].unsqueeze(1) - book).abs()
            codes[kept] = (distance.argmin(dim=1) + 1).to(torch.uint8)
        stored[name] = (codes, book)
    return pack(stored)


def pack(stored):
    buffer = io.BytesIO()
    torch.save(stored, buffer, _use_new_zipfile_serialization=False)
    body = lzma.compress(buffer.getvalue(), format=lzma.FORMAT_ALONE, preset=9)
    return zlib.crc32(body).to_bytes(4, "big") + body


def decode_network(data):
    if len(data) < 5 or zlib.crc32(data[4:]) != int.from_bytes(data[:4], "big"):
        raise ValueError("data are damaged")
    stored = torch.load(io.BytesIO(lzma.decompress(data[4:])))
    state = {}
    for name, entry in stored.items():
        if isinstance(entry, tuple):
            codes, book = entry
            entry = torch.cat([torch.zeros(1), book])[codes.long()]
        state[name] = entry
    return state
