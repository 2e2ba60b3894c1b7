"""What the figures of the lessons have in common: colours, marks, a sentence as title, units; and tables."""

from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
from IPython.display import Markdown
from matplotlib.axes import Axes

DENSE, COMPRESSED, ERROR = "0.55", "tab:blue", "tab:red"  # grey, blue, red in every lesson
VARIANTS = ((COMPRESSED, "o"), ("midnightblue", "s"), ("deepskyblue", "^"), ("0.1", "D"))  # colour and mark


def axes(title: str, *, x: str, y: str, size: tuple[float, float] = (6.4, 3.2)) -> Axes:
    """Opens a figure with one pair of axes.

    Args:
        title: the one message of the plot, a sentence.
        x, y: what the axes show, with the unit.
        size: width and height in inches.

    Returns:
        The axes to draw on; `plt.show()` ends the cell.
    """
    _, ax = plt.subplots(figsize=size, dpi=100, layout="constrained")
    ax.set_title(title, loc="left", fontsize=11)
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", alpha=0.25)
    ax.set_axisbelow(True)
    return ax


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Markdown:
    """A table as a notebook shows it: columns with a number stand to the right, the others to the left.

    Args:
        columns: the heads.
        rows: one value a column; str as it is, int with commas, float with three digits.

    Returns:
        Something a cell's last line displays.
    """
    body = [list(row) for row in rows]
    right = [any(isinstance(row[i], int | float) for row in body) for i in range(len(columns))]
    lines = [list(columns), ["---:" if number else ":---" for number in right]]
    lines += [[_cell(value) for value in row] for row in body]
    return Markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))  # type: ignore[no-untyped-call]


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
