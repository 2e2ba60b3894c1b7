"""Returns the share of bytes saved instead of the ratio."""


def compression_ratio(original_bytes, compressed_bytes):
    if original_bytes <= 0:
        raise ValueError(f"original_bytes must be positive, got {original_bytes}")
    if compressed_bytes <= 0:
        raise ValueError(f"compressed_bytes must be positive, got {compressed_bytes}")
    return 1 - compressed_bytes / original_bytes
