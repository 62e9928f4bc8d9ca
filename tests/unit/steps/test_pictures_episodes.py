"""Pictures of a policy: random actions that are far worse are told, and do not press the episodes flat."""

from __future__ import annotations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from steps.pictures_episodes import episodes


def drawn(rewards, random_mean):
    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    ((_, draw),) = episodes(rewards, random_mean)
    draw(axes)
    figure.draw_without_rendering()
    return axes


def words(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


@pytest.mark.parametrize(
    ("rewards", "random_mean", "near"),
    [
        ([500.0] * 30, 19.8, True),
        ([-150.0, -300.0], -1200.0, True),
        ([8.0, 9.0, 10.0], -790.1, False),
        ([-13.0, -13.0], -50_000.0, False),
        ([0.0, 0.0], -1.0, True),
    ],
)
def test_random_actions_are_a_line_where_there_is_room_and_always_told(rewards, random_mean, near):
    axes = drawn(rewards, random_mean)
    told = f"random actions {random_mean:.1f}"
    assert words(axes)[1] == (told if near else f"{told}, outside the picture")
    low, high = axes.get_ylim()
    assert bool(low <= random_mean <= high) is near
    assert max(map(abs, rewards)) >= 0.2 * (high - low) or not any(rewards)


def test_without_random_actions_only_the_mean_is_told():
    assert words(drawn([1.0, 2.0], None)) == ["mean 1.5"]


def test_the_legend_stands_beside_the_bars():
    axes = drawn([500.0] * 30, 19.8)
    legend = axes.get_legend().get_window_extent()
    assert not legend.overlaps(axes.get_window_extent())
    assert not legend.overlaps(axes.xaxis.label.get_window_extent())
