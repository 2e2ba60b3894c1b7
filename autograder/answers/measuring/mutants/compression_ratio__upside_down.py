"""Divides the compressed size by the original one."""


def compression_ratio(original_bytes, compressed_bytes):
    if original_bytes <= 0:
        raise ValueError(f"original_bytes must be positive, got {original_bytes}")
    if compressed_bytes <= 0:
        raise ValueError(f"compressed_bytes must be positive, got {compressed_bytes}")
    return compressed_bytes / original_bytes
