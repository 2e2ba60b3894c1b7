"""Names neither the argument nor its value in the error."""


def compression_ratio(original_bytes, compressed_bytes):
    if original_bytes <= 0 or compressed_bytes <= 0:
        raise ValueError("sizes must be positive")
    return original_bytes / compressed_bytes
