"""Pictures of clusters: one colour for a cluster in each of them, noise is named, and the legend hides nothing."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from steps.drawing import GREY, MOST_NAMED
from steps.pictures_groups import _scatter, _scree, _silhouettes


def drawn(draw, *given):
    """The axes after a drawing, laid out."""
    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    draw(axes, *given)
    figure.draw_without_rendering()
    return axes


def rows(clusters, each=6):
    """Points round as many places, and their labels."""
    dice, labels = np.random.default_rng(0), np.repeat(np.arange(clusters), each)
    return dice.normal(size=(len(labels), 2)) + 20 * labels[:, np.newaxis], labels


def named(axes):
    """The legend's words and colours."""
    handles, words = axes.get_legend_handles_labels()
    return {word: to_hex(handle.get_facecolor()[0]).upper() for handle, word in zip(handles, words, strict=True)}


def test_noise_is_named_and_grey_and_no_cluster_is():
    points, labels = rows(9)
    colours = named(drawn(_scatter, points, "Clusters", np.where(labels == 0, -1, labels)))
    assert list(colours) == ["noise", *map(str, range(1, 9))]
    assert [word for word, colour in colours.items() if colour == GREY] == ["noise"]


def test_a_cluster_has_its_colour_in_both_pictures_with_or_without_noise():
    points, labels = rows(3)
    with_noise = named(drawn(_scatter, points, "Clusters", labels - 1))
    bars = drawn(_silhouettes, points[labels > 0], labels[labels > 0] - 1).collections
    assert [to_hex(bar.get_facecolor()[0]).upper() for bar in bars] == [with_noise["0"], with_noise["1"]]


@pytest.mark.parametrize("clusters", [1, 2, MOST_NAMED + 5])
def test_the_legend_stands_beside_the_points(clusters):
    points, labels = rows(clusters)
    axes = drawn(_scatter, points, "Clusters", labels)
    assert len(axes.get_legend().get_texts()) == min(clusters, MOST_NAMED)
    beside(axes)


def test_the_other_legends_stand_beside_what_is_drawn():
    beside(drawn(_silhouettes, *rows(3)))
    beside(drawn(_scree, np.array([0.6, 0.3, 0.1])))


def beside(axes):
    """Whether the legend is inside the picture, and outside the axes and the words under them."""
    legend = axes.get_legend().get_window_extent()
    assert not legend.overlaps(axes.get_window_extent())
    assert not legend.overlaps(axes.xaxis.label.get_window_extent())
    whole = axes.figure.bbox
    assert whole.x0 <= legend.x0
    assert legend.x1 <= whole.x1
    assert whole.y0 <= legend.y0
