"""Checks the compressed size alone, so a bad original size passes."""


def compression_ratio(original_bytes, compressed_bytes):
    if compressed_bytes <= 0:
        raise ValueError(f"compressed_bytes must be positive, got {compressed_bytes}")
    return original_bytes / compressed_bytes
