"""Refuses bad sizes with AssertionError instead of ValueError."""


def compression_ratio(original_bytes, compressed_bytes):
    assert original_bytes > 0, f"original_bytes must be positive, got {original_bytes}"
    assert compressed_bytes > 0, f"compressed_bytes must be positive, got {compressed_bytes}"
    return original_bytes / compressed_bytes
