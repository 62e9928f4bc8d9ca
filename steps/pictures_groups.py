"""Pictures of what was found without a target: clusters and components."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from algorithms.base import Table
from algorithms.pca import PCA
from algorithms.tabular import TabularAlgorithm
from algorithms.tsne import TSNE
from steps.drawing import BLUE, GREY, MOST_NAMED, ORANGE, PALETTE, Drawing, legend_below

MOST_POINTS = 2_000


def clustering(model: TabularAlgorithm, data: Table, seed: int) -> Iterator[tuple[str, Drawing]]:
    """Name and drawing of each picture. Many rows are drawn as a seeded sample."""
    import numpy as np

    rows = np.sort(np.random.default_rng(seed).permutation(len(data.X))[:MOST_POINTS])
    X, labels = _dense(model.features.transform(data.X.iloc[rows])), model.predict(data.X)[rows]
    grouped = labels >= 0  # the others are noise
    if 1 < len(np.unique(labels[grouped])) < grouped.sum():
        yield "silhouettes", lambda axes: _silhouettes(axes, X[grouped], labels[grouped])
    if X.shape[1] > 1:
        yield "clusters", lambda axes: _plane(axes, X, labels, seed)


def components(model: PCA, data: Table, seed: int) -> Iterator[tuple[str, Drawing]]:
    """Name and drawing of each picture: what each component explains, and the plane of the first two."""
    import numpy as np

    ratios = model.explained_variance_ratio
    yield "explained_variance", lambda axes: _scree(axes, ratios)
    if len(ratios) > 1:
        rows = np.sort(np.random.default_rng(seed).permutation(len(data.X))[:MOST_POINTS])
        projected = model.predict(data.X.iloc[rows])
        yield "projection", lambda axes: _scatter(axes, projected, "The first two components (test rows)")


def on_the_map(model: TSNE, data: Table, seed: int) -> Iterator[tuple[str, Drawing]]:
    """The map of the training rows. Its axes and units mean nothing; what lies together is alike."""
    import numpy as np

    places = model.predict(data.X)
    if places.shape[1] > 1:
        rows = np.sort(np.random.default_rng(seed).permutation(len(places))[:MOST_POINTS])
        yield "projection", lambda axes: _scatter(axes, places[rows], "The map (training rows)")


def _dense(X: Any) -> Any:
    return X.toarray() if hasattr(X, "toarray") else X


def _silhouettes(axes: Any, X: Any, labels: Any) -> None:
    """A bar per row, by cluster (Rousseeuw 1987): long ones lie well in their cluster, negative ones in another's."""
    import numpy as np
    from sklearn.metrics import silhouette_samples

    values, bottom, ticks = silhouette_samples(X, labels), 0, []
    for label in np.unique(labels)[:MOST_NAMED]:
        own = np.sort(values[labels == label])
        axes.fill_betweenx(np.arange(bottom, bottom + len(own)), 0, own, color=_colour(label), linewidth=0)
        ticks.append((bottom + len(own) / 2, str(label)))
        bottom += len(own) + max(2, len(values) // 100)
    axes.axvline(values.mean(), linestyle="--", color=GREY, label=f"mean {values.mean():.3f}")
    axes.set_yticks([place for place, _ in ticks], [label for _, label in ticks])
    axes.set(xlabel="silhouette coefficient", ylabel="cluster", title="Silhouettes, row by row")
    legend_below(axes)


def _plane(axes: Any, X: Any, labels: Any, seed: int) -> None:
    from sklearn import decomposition

    _scatter(
        axes,
        decomposition.PCA(2, random_state=seed).fit_transform(X),
        "Clusters, on the plane of most variance",
        labels,
    )


def _scatter(axes: Any, points: Any, title: str, labels: Any = None) -> None:
    import numpy as np

    for place, label in enumerate([None] if labels is None else np.unique(labels)):
        chosen = slice(None) if label is None else labels == label
        shown = None if label is None or place >= MOST_NAMED else "noise" if label < 0 else str(label)
        axes.scatter(*points[chosen, :2].T, s=12, alpha=0.7, color=_colour(label), label=shown)
    if labels is not None:
        legend_below(axes, title="cluster", ncols=10)
    axes.set(xlabel="first direction", ylabel="second direction", title=title)


def _colour(label: int | None) -> str:
    """The same for a cluster in every picture. Grey is for noise alone."""
    colours = [one for one in PALETTE if one != GREY]
    return GREY if label is not None and label < 0 else colours[(label or 0) % len(colours)]


def _scree(axes: Any, ratios: Any) -> None:
    places = range(1, len(ratios) + 1)
    axes.bar(places, ratios, color=BLUE, label="each component")
    axes.plot(places, ratios.cumsum(), "o-", color=ORANGE, label="together", markersize=3)
    axes.set(xlabel="component", ylabel="share of the variance", ylim=(0, 1.03), title="Explained variance")
    axes.xaxis.get_major_locator().set_params(integer=True)
    legend_below(axes, ncols=2)
