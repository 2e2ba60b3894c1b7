"""Nothing is checked: 0 bytes raise ZeroDivisionError, negative ones nothing."""


def compression_ratio(original_bytes, compressed_bytes):
    return original_bytes / compressed_bytes
