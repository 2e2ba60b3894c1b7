"""One test, one message with both names."""


def compression_ratio(original_bytes, compressed_bytes):
    if min(original_bytes, compressed_bytes) <= 0:
        raise ValueError(f"need {original_bytes=} > 0 and {compressed_bytes=} > 0")
    return float(original_bytes) / float(compressed_bytes)
