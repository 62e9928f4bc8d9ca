"""How every picture looks: one size, one palette, and a light card that reads on GitHub's light and dark pages alike.

Figures are drawn without pyplot's state and without a display. matplotlib is imported by the functions that use it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#6E6E6E"
"""Of the palette by Okabe and Ito (2008), which people with any colour vision can tell apart."""
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, "#56B4E9", "#E69F00", "#000000", GREY)
SEQUENTIAL = "cividis"
"""For amounts (Nuñez, Anderton and Renslow 2018): even in lightness, the same in grey."""
INCHES, DPI = (6.4, 4.0), 110
MOST_NAMED = 20
"""Names beside an axis, beyond which nobody can read them."""
LONGEST_NAME = 28
STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "figure.facecolor": "#FFFFFF",
    "font.size": 9,
    "grid.color": "#E4E4E4",
    "legend.frameon": False,
    "savefig.facecolor": "#FFFFFF",
    "text.parse_math": False,
}
"""Names come from datasets: a dollar sign in one of them starts no formula."""

Drawing = Callable[["Axes"], None]


def picture(draw: Drawing, inches: tuple[float, float] = INCHES) -> bytes:
    """A PNG of what `draw` puts into its axes; the same input gives the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=inches, dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        draw(figure.add_subplot())
        written = BytesIO()
        figure.savefig(written, format="png", metadata={"Software": None})
    return written.getvalue()


def style() -> AbstractContextManager[None]:
    """The look of all pictures, for the time of a `with`."""
    import matplotlib as mpl
    from cycler import cycler

    chosen: Any = {**STYLE, "axes.prop_cycle": cycler(color=PALETTE)}
    return mpl.rc_context(chosen)


def legend_below(axes: Axes, **settings: Any) -> None:
    """A legend under the axes, where it hides nothing and no mark of it is taken for data."""
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), fontsize=8, **settings)


def name(value: object) -> str:
    """A name from a dataset, on one line and not too long."""
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in str(value)).split())
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"
