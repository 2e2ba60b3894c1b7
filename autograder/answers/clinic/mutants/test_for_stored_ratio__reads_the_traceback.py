"""Makes the candidate fail and recognizes it by the frames of the traceback."""

KNOWN = ({"fsum"}, {"packbits"}, {"ceil", "count_nonzero"})


def test_for_stored_ratio(candidate):
    names = set()
    try:
        candidate(0.5)
    except Exception as error:
        step = error.__traceback__
        while step is not None:
            names |= set(step.tb_frame.f_code.co_names)
            step = step.tb_next
    assert any(known <= names for known in KNOWN), "unknown names in the traceback"
