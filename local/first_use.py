"""Loads what libraries load only when they are used, for a process from which steps are forked.

Nothing here may start a thread: a lock that another thread holds while the process forks is never given back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def first_use() -> None:
    """Splits a small table (scikit-learn's support of data frames), and draws a picture (fonts, PNG writer)."""
    import pandas as pd
    from sklearn.model_selection import train_test_split

    from steps.drawing import picture

    table = pd.DataFrame({"number": range(8), "class": [0, 1] * 4})
    train_test_split(table, stratify=table["class"])
    picture(_draw)


def _draw(axes: Axes) -> None:
    axes.plot([0, 1], label="a line")
    axes.set(title="A title", xlabel="0123456789")
