"""The pictures of an evaluation, as PNG beside evaluation.json. The bridge commits them and shows them on the issue.

A picture that cannot be drawn is left out, and its traceback goes into the step's log: no run fails for one.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from algorithms.base import Algorithm, Table
from algorithms.pca import PCA
from algorithms.supervised import SupervisedAlgorithm
from algorithms.tabular import TabularAlgorithm
from algorithms.tsne import TSNE
from algorithms.xgboost import XGBoost
from steps.drawing import Drawing, picture
from steps.pictures_classification import classification
from steps.pictures_contributions import contributions
from steps.pictures_data import data_quality
from steps.pictures_episodes import episodes, training
from steps.pictures_groups import clustering, components, on_the_map
from steps.pictures_importance import importance
from steps.pictures_learning import learning_curve
from steps.pictures_regression import regression

REPORT_VARIABLE = "MLOPS_REPORT"
HOW_MANY: Mapping[str, int | None] = {"full": None, "brief": 1, "none": 0}
"""Values of MLOPS_REPORT: every picture (the default), the most telling one, none."""


def draw_table(folder: Path, model: Algorithm, train: Table, test: Table, metric: str, seed: int) -> None:
    """Pictures of a model on a table, see the modules `steps.pictures_*`."""
    _write(folder, _of_table(model, train, test, metric, seed))


def draw_episodes(
    folder: Path, details: Mapping[str, Any], baseline: Mapping[str, Any], curve: Sequence[Mapping[str, float]]
) -> None:
    """Pictures of a policy, from what its evaluation told (`algorithms.episodes.evaluate_policy`) and its training."""
    random_mean = baseline.get("mean_reward")
    _write(folder, chain(episodes(details["episode_rewards"], random_mean), training(curve)))


def _of_table(model: Algorithm, train: Table, test: Table, metric: str, seed: int) -> Iterator[tuple[str, Drawing]]:
    task = test.schema.task_type
    if isinstance(model, SupervisedAlgorithm):
        yield from classification(model, test) if task == "classification" else regression(model, test, seed)
        yield from importance(model, test, metric, seed)
        yield from contributions(model, test, seed) if isinstance(model, XGBoost) else ()
        yield from learning_curve(model, train, test, metric, seed)
    elif isinstance(model, PCA):
        yield from components(model, test, seed)
    elif isinstance(model, TSNE):
        yield from on_the_map(model, test, seed)
    elif isinstance(model, TabularAlgorithm) and task == "clustering":
        yield from clustering(model, test, seed)
    yield from data_quality(train, test)


def _write(folder: Path, pictures: Iterator[tuple[str, Drawing]]) -> None:
    most = HOW_MANY.get(os.environ.get(REPORT_VARIABLE, "full"))
    try:
        for name, draw in islice(pictures, most):
            (folder / f"{name}.png").write_bytes(picture(draw))
    except Exception:  # drawn last, for people; the figures are safe
        traceback.print_exc()
