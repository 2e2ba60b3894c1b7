"""The arithmetic of answers: bytes, operations, ratios, times. Each function is one formula."""


def kv_cache_bytes(
    *, layers: int, kv_heads: int, head_dim: int, tokens: int, batch: int = 1, bits: int = 16
) -> float:
    """Bytes of the keys and values a transformer keeps: 2 * layers * kv_heads * head_dim numbers a token."""
    return 2 * layers * kv_heads * head_dim * tokens * batch * bits / 8
