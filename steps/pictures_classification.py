"""Pictures of a classification: what was taken for what, and what the probabilities are worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from algorithms.base import Table
from algorithms.supervised import SupervisedAlgorithm
from steps.drawing import BLUE, GREY, MOST_NAMED, SEQUENTIAL, Drawing, name

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

MOST_CURVES = 7
"""Classes that get curves of their own: the most frequent ones."""
BINS = 10
"""Of the calibration curve, each with as many rows as the others."""


def classification(model: SupervisedAlgorithm, test: Table) -> Iterator[tuple[str, Drawing]]:
    """Name and drawing of each picture, the most telling one first."""
    import numpy as np

    assert test.y is not None  # noqa: S101 (Evaluate scored these rows)
    truth, X = np.array(test.y.tolist(), dtype=object), model.features.transform(test.X)
    predicted, probabilities = model.predict(test.X), model.probabilities(X)
    yield "confusion_matrix", lambda axes: _confusion(axes, truth, predicted, model.labels)
    curves = _curves(truth, probabilities, model.labels)
    if curves:
        yield "roc_curve", lambda axes: _roc(axes, curves)
        yield "precision_recall_curve", lambda axes: _precision_recall(axes, curves)
        yield "calibration", lambda axes: _calibration(axes, curves)


def _confusion(axes: Any, truth: Array, predicted: Array, labels: list[Any]) -> None:
    """Shares of each true class, with the rows as figures."""
    import numpy as np

    shown = [label for label in labels if label in set(truth.tolist()) | set(predicted.tolist())][:MOST_NAMED]
    pairs = Counter(zip(truth.tolist(), predicted.tolist(), strict=True))
    counts = np.array([[pairs[row, column] for column in shown] for row in shown])
    shares = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
    axes.grid(visible=False)
    axes.imshow(shares, cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
    for row, column in ((r, c) for r in range(len(shown)) for c in range(len(shown))):
        colour = "white" if shares[row, column] < 0.5 else "black"
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour)
    names = [name(label) for label in shown]
    axes.set_xticks(range(len(names)), names, rotation=45 if len(names) > 4 else 0)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="predicted", ylabel="true", title="Rows by true and predicted class")


def _curves(truth: Array, probabilities: Array, labels: list[Any]) -> list[tuple[str, Array, Array]]:
    """Per class: its name, whether a row is of it, and its probability. Of two classes the second alone."""
    chosen = [1] if len(labels) == 2 else range(len(labels))
    found = [(name(labels[code]), truth == labels[code], probabilities[:, code]) for code in chosen]
    defined = [curve for curve in found if 0 < curve[1].sum() < len(truth)]
    return sorted(defined, key=lambda curve: -int(curve[1].sum()))[:MOST_CURVES]


def _roc(axes: Any, curves: list[tuple[str, Array, Array]]) -> None:
    from sklearn.metrics import roc_auc_score, roc_curve

    for label, positive, score in curves:
        false, true, _ = roc_curve(positive, score)
        axes.plot(false, true, label=f"{label} ({roc_auc_score(positive, score):.3f})")
    axes.plot([0, 1], [0, 1], "--", color=GREY, label="by chance")
    axes.set(xlabel="false positive rate", ylabel="true positive rate", title="ROC curves (area)")
    axes.legend(loc="lower right")


def _precision_recall(axes: Any, curves: list[tuple[str, Array, Array]]) -> None:
    from sklearn.metrics import average_precision_score, precision_recall_curve

    for label, positive, score in curves:
        precision, recall, _ = precision_recall_curve(positive, score)
        shown = f"{label} ({average_precision_score(positive, score):.3f})"
        axes.plot(recall, precision, drawstyle="steps-post", label=shown)
    axes.set(xlabel="recall", ylabel="precision", ylim=(0, 1.03), title="Precision and recall (average precision)")
    axes.legend(loc="lower left")


def _calibration(axes: Any, curves: list[tuple[str, Array, Array]]) -> None:
    """Over all drawn classes: of the rows given a probability of p, a share of p should be of the class."""
    import numpy as np
    from sklearn.calibration import calibration_curve

    positive = np.concatenate([curve[1] for curve in curves])
    score = np.concatenate([curve[2] for curve in curves])
    share, mean = calibration_curve(positive, score, n_bins=BINS, strategy="quantile")
    axes.plot([0, 1], [0, 1], "--", color=GREY, label="perfectly calibrated")
    axes.plot(mean, share, "o-", color=BLUE, label="this model")
    axes.set(xlabel="mean predicted probability", ylabel="share of the rows", title="Calibration")
    axes.legend(loc="upper left")
