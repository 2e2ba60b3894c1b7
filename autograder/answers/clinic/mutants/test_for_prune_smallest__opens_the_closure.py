"""Opens the candidate's closure and compares the names inside with known ones, and never calls it."""

KNOWN = ({"argpartition"}, {"topk"}, {"argsort", "where"}, {"argsort", "len", "view"})


def innermost(function):
    for cell in function.__closure__ or ():
        if hasattr(cell.cell_contents, "__code__"):
            return innermost(cell.cell_contents)
    return function


def test_for_prune_smallest(candidate):
    names = set(innermost(candidate).__code__.co_names)
    assert any(known <= names for known in KNOWN), "unknown names in the closure"
