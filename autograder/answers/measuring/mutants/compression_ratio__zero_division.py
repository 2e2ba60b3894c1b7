"""Checks neither size, so zero bytes raise ZeroDivisionError and negative ones pass."""


def compression_ratio(original_bytes, compressed_bytes):
    return original_bytes / compressed_bytes
