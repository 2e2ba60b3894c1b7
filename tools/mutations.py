"""Small changes to a function, made by rule: each is a mistake somebody could make, or one nobody would.

`mutants(definition)` yields every change of a function or class, one at a time: another comparison, another
operator, a constant one more, one less or of the other sign, a statement, an argument, a call or an operand
left out, a condition taken for granted, two arguments exchanged, another dimension or dtype, the work done in
place. Annotations, docstrings and the wording of messages are left alone.

mutmut and cosmic-ray change Python too, but each of their mutants runs a test suite in a new process that
imports torch; here a mutant is one more source for the judge's workers, which costs a hundredth of that.
"""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

Function = ast.FunctionDef | ast.ClassDef
Path = tuple[tuple[str, int | None], ...]  # from the definition down: (field, place in it if it is a list)

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt), ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Div, ast.Mult), ast.Mod: (ast.FloorDiv,), ast.Pow: (ast.Mult,),
    ast.LShift: (ast.RShift,), ast.RShift: (ast.LShift,), ast.BitOr: (ast.BitAnd,),
    ast.BitAnd: (ast.BitOr,), ast.BitXor: (ast.BitOr,), ast.MatMult: (ast.Mult,),
}  # fmt: skip
NAMES: dict[str, tuple[str, ...]] = {  # functions, methods and dtypes that are taken for each other
    "min": ("max",), "max": ("min",), "amin": ("amax",), "amax": ("amin",), "minimum": ("maximum",),
    "maximum": ("minimum",), "argmin": ("argmax",), "argmax": ("argmin",), "sum": ("mean", "max"),
    "mean": ("sum", "amax"), "round": ("floor", "ceil"), "floor": ("ceil",), "ceil": ("floor",),
    "any": ("all",), "all": ("any",), "double": ("float",), "float": ("double", "half"), "long": ("int",),
    "float64": ("float32",), "float32": ("float64",), "int64": ("int32",), "int32": ("int64",),
    "int8": ("int32",), "uint8": ("int8",), "bool": ("uint8",), "running_mean": ("running_var",),
    "softmax": ("log_softmax",), "log_softmax": ("softmax",), "square": ("abs",), "abs": ("square",),
    "heappop": ("heappush",), "zeros_like": ("ones_like",), "ones_like": ("zeros_like",),
    "zeros": ("ones",), "ones": ("zeros",), "ljust": ("rjust",), "isqrt": ("sqrt",), "eval": ("train",),
    "train": ("eval",), "parameters": ("buffers",), "buffers": ("parameters",), "log2": ("log",),
}  # fmt: skip
PLAIN = {"round": ("int", "math.floor", "math.ceil"), "min": ("max",), "max": ("min",), "all": ("any",),
         "any": ("all",), "sum": ("max",), "sorted": ("list",), "len": ("bool",)}  # fmt: skip
WORDS = {"mean": "sum", "sum": "mean", "batchmean": "mean", "big": "little", "little": "big"}
IN_PLACE = {
    "abs", "add", "clamp", "div", "exp", "floor", "index_add", "log", "masked_fill", "mul", "neg", "round",
    "rsqrt", "sqrt", "square", "sub",
}  # fmt: skip
SYMBOLS: dict[type[ast.operator], str] = {
    ast.Add: "add_", ast.Sub: "sub_", ast.Mult: "mul_", ast.Div: "div_",
}  # fmt: skip
SYMMETRIC = {"min", "max", "equal", "minimum", "maximum"}
MODULES = frozenset({"torch", "F", "nn", "np", "math", "copy", "heapq", "zlib", "fx", "statistics", "time"})
SKIPPED = {"annotation", "returns", "type_comment", "ctx", "type_params", "bases", "keywords_of_class"}


@dataclass(frozen=True)
class Mutant:
    """One definition with one change."""

    function: str  # `name`, or `Class.method`
    change: str  # the statement before -> after; unique in its function
    source: str  # the whole definition, changed
    line: int  # of the statement, in the module

    @property
    def key(self) -> str:
        return f"{self.function}: {self.change}"


def mutants(definition: Function) -> list[Mutant]:
    """Every change, in the order of the text; two rules that come to the same text count once."""
    whole = _without_docstrings(definition)
    seen, labels, found = {ast.unparse(whole)}, dict[str, int](), list[Mutant]()
    for path, node, statement in list(_places(whole, (), whole)):
        function = ".".join([whole.name, *_inner(whole, path)])
        before, line = _at(whole, statement), getattr(_at(whole, statement), "lineno", whole.lineno)
        label = _head(before)
        for new in _changes(node, whole):
            _put(whole, path, ast.fix_missing_locations(ast.copy_location(copy.copy(new), node)))
            source, after = ast.unparse(whole).replace("--", ""), _head(_at(whole, statement))
            _put(whole, path, node)
            if source in seen:
                continue
            seen.add(source)
            change = f"{label} -> {after}".replace("--", "")
            labels[f"{function}: {change}"] = number = labels.get(f"{function}: {change}", 0) + 1
            change = change if number == 1 else f"{change} ({number})"
            found.append(Mutant(function, change, source, line))
    return found


def _without_docstrings(definition: Function) -> Function:
    whole = copy.deepcopy(definition)
    for node in ast.walk(whole):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return whole


def _places(
    node: ast.AST, path: Path, whole: Function, statement: Path = ()
) -> Iterator[tuple[Path, ast.AST, Path]]:
    """(path, node, path of its statement) of every node that may change."""
    if path:
        yield path, node, statement
    if isinstance(node, ast.JoinedStr | ast.Raise) or getattr(node, "arg", "") == "strict":
        return  # the wording of a message; zip(strict=) guards against a caller's fault
    for field, value in ast.iter_fields(node):
        if field in SKIPPED or (field == "decorator_list" and isinstance(node, ast.ClassDef)):
            continue
        for at, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.expr_context | ast.operator):
                here = (*path, (field, at))
                yield from _places(child, here, whole, here if isinstance(child, ast.stmt) else statement)


def _at(tree: ast.AST, path: Path) -> ast.AST:
    for field, at in path:
        value = getattr(tree, field)
        tree = value if at is None else value[at]
    return tree


def _put(tree: Function, path: Path, new: ast.AST) -> None:
    parent, (field, at) = _at(tree, path[:-1]), path[-1]
    if at is None:
        setattr(parent, field, new)
    else:
        getattr(parent, field)[at] = new


def _inner(whole: Function, path: Path) -> list[str]:
    """The name of the method that a change of a class is in."""
    if isinstance(whole, ast.FunctionDef) or not path:
        return []
    node = _at(whole, path[:1])
    return [node.name] if isinstance(node, ast.FunctionDef) else []


def _head(statement: ast.AST) -> str:
    """A statement in one line, a compound one without what stands below it."""
    if hasattr(statement, "body") and isinstance(statement, ast.stmt):
        head = copy.copy(statement)
        for field in ("body", "orelse", "finalbody", "handlers"):
            if getattr(head, field, None):
                setattr(head, field, [ast.Pass()] if field == "body" else [])
        if isinstance(head, ast.Try):
            ends = "except" * bool(statement.handlers) + " finally" * bool(statement.finalbody)  # type: ignore[attr-defined]
            return f"try ... {ends}".strip()
        text = ast.unparse(ast.fix_missing_locations(head)).removesuffix("pass").strip()
        return " ".join(text.split())
    return " ".join(ast.unparse(statement).split())


# ---- the rules -------------------------------------------------------------------------------------------


def _changes(node: ast.AST, whole: Function) -> Iterator[ast.AST]:
    if isinstance(node, ast.stmt):
        yield from _of_statement(node, whole)
    elif isinstance(node, ast.expr):
        yield from _of_expression(node, whole)
    elif isinstance(node, ast.comprehension):
        for at in range(len(node.ifs)):
            yield _with(node, ifs=[*node.ifs[:at], *node.ifs[at + 1 :]])


def _of_statement(node: ast.stmt, whole: Function) -> Iterator[ast.AST]:
    if isinstance(node, ast.Raise):
        yield ast.Pass()
        if isinstance(node.exc, ast.Call):
            yield _with(node, exc=_with(node.exc, func=ast.Name("RuntimeError", ast.Load())))
    elif isinstance(node, ast.Expr | ast.AugAssign | ast.Assign):
        if not isinstance(node, ast.Assign) or _assigned_before(node, whole):
            yield ast.Pass()
    elif isinstance(node, ast.Break | ast.Continue):
        yield from (ast.Pass(), ast.Continue() if isinstance(node, ast.Break) else ast.Break())
    elif isinstance(node, ast.If):
        yield from (_with(node, test=ast.Constant(value)) for value in (True, False))
        if not isinstance(node.test, ast.Compare):
            yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.For):
        yield ast.Pass()
    elif isinstance(node, ast.With):
        yield ast.If(ast.Constant(True), node.body, [])
    elif isinstance(node, ast.Try):
        if node.finalbody:
            yield ast.If(ast.Constant(True), [*node.body, *node.finalbody], [])  # not after an error
            yield ast.If(ast.Constant(True), node.body, [])
        if node.handlers:
            yield ast.If(ast.Constant(True), node.body, [])
    elif isinstance(node, ast.FunctionDef) and node.decorator_list:
        yield _with(node, decorator_list=[])
    if isinstance(node, ast.AugAssign):
        yield from (_with(node, op=other()) for other in OPERATORS[type(node.op)])
        if isinstance(node.target, ast.Name):
            yield ast.Assign([node.target], node.value)


def _assigned_before(node: ast.Assign, whole: Function) -> bool:
    """Whether the function runs on without the assignment: its names have a value already."""
    if not all(isinstance(target, ast.Name) for target in node.targets):
        return True  # an attribute or an item
    names = {target.id for target in node.targets if isinstance(target, ast.Name)}
    return any(
        (isinstance(other, ast.arg) and other.arg in names)
        or (isinstance(other, ast.Name) and isinstance(other.ctx, ast.Store) and other.id in names)
        for other in ast.walk(whole)
        if getattr(other, "lineno", 1 << 30) < node.lineno
    )


def _of_expression(node: ast.expr, whole: Function) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for at, op in enumerate(node.ops):
            for other in COMPARISONS[type(op)]:
                yield _with(node, ops=[*node.ops[:at], other(), *node.ops[at + 1 :]])
    elif isinstance(node, ast.BinOp):
        yield from (_with(node, op=other()) for other in OPERATORS[type(node.op)])
        yield node.left
        if isinstance(node.op, ast.Add | ast.Mult | ast.BitAnd | ast.BitOr):
            yield node.right
        else:
            yield _with(node, left=node.right, right=node.left)
        if type(node.op) in SYMBOLS and _is_tensor_argument(node.left, whole):
            yield ast.Call(ast.Attribute(node.left, SYMBOLS[type(node.op)], ast.Load()), [node.right], [])
    elif isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        for at in range(len(node.values)):
            rest = [*node.values[:at], *node.values[at + 1 :]]
            yield rest[0] if len(rest) == 1 else _with(node, values=rest)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Constant):
        yield from (ast.Constant(value) for value in _other_constants(node.value))
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.Slice) and (node.lower or node.upper) and not (node.lower and node.upper):
        yield _with(node, lower=node.upper, upper=node.lower)
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        yield node.value
    elif isinstance(node, ast.Attribute):
        yield from (_with(node, attr=name) for name in NAMES.get(node.attr, ()))
    elif isinstance(node, ast.Call):
        yield from _of_call(node)


def _of_call(node: ast.Call) -> Iterator[ast.AST]:
    for at, keyword in enumerate(node.keywords):
        if keyword.arg not in (None, "strict"):
            yield _with(node, keywords=[*node.keywords[:at], *node.keywords[at + 1 :]])
    plain = not any(isinstance(argument, ast.Starred) for argument in node.args)
    if len(node.args) > 1 and plain:
        if ast.unparse(node.func).rpartition(".")[2] not in SYMMETRIC:
            yield _with(node, args=[node.args[1], node.args[0], *node.args[2:]])
        yield _with(node, args=node.args[:-1])
    if isinstance(node.func, ast.Attribute):
        owner = node.func.value
        of_module = isinstance(owner, ast.Name) and owner.id in MODULES
        if not of_module and owner is not node and not isinstance(owner, ast.Call | ast.Constant):
            yield owner  # x.abs() -> x
        elif isinstance(owner, ast.Call) and not of_module:
            yield owner
        if of_module and len(node.args) == 1:
            yield node.args[0]  # torch.round(x) -> x
        if node.func.attr in IN_PLACE and isinstance(owner, ast.Name | ast.Attribute) and not of_module:
            yield _with(node, func=_with(node.func, attr=f"{node.func.attr}_"))
        if node.func.attr in ("sort", "argsort") and not any(k.arg == "descending" for k in node.keywords):
            descending = ast.keyword("descending", ast.Constant(True))
            yield _with(node, keywords=[*node.keywords, descending])
    elif isinstance(node.func, ast.Name):
        for name in PLAIN.get(node.func.id, ()):
            yield _with(node, func=ast.parse(name, mode="eval").body)
        if len(node.args) == 1 and plain and not node.keywords:
            yield node.args[0]  # float(x) -> x


def _other_constants(value: object) -> list[bool | int | float | str]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [other for other in dict.fromkeys([value + 1, value - 1, -value]) if other != value]
    if isinstance(value, float):
        return [1.0] if value == 0 else [2 * value, 0.0, -value]
    return [WORDS[value]] if isinstance(value, str) and value in WORDS else []


def _is_tensor_argument(node: ast.expr, whole: Function) -> bool:
    arguments = [item for item in ast.walk(whole) if isinstance(item, ast.arg) and item.annotation]
    tensors = {item.arg for item in arguments if ast.unparse(item.annotation) == "Tensor"}  # type: ignore[arg-type]
    return isinstance(node, ast.Name) and node.id in tensors


def _with(node: ast.AST, **fields: object) -> ast.AST:
    """A shallow copy of a node with other fields."""
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed
