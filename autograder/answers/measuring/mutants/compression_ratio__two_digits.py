"""Rounds the ratio to two digits."""


def compression_ratio(original_bytes, compressed_bytes):
    for name, value in (("original_bytes", original_bytes), ("compressed_bytes", compressed_bytes)):
        if value <= 0:
            raise ValueError(f"{name} must be positive, got {value}")
    return round(original_bytes / compressed_bytes, 2)
