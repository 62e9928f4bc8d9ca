"""Splits rows into training and test rows: 20 % test, seeded, stratified for classification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steps.findings import Finding, listed, refuse

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Rows = np.ndarray[Any, Any]

TEST_SHARE = 0.2


def split_rows(n: int, seed: int, classes: pd.Series[Any] | None) -> tuple[Rows, Rows, list[Finding]]:
    """Row numbers of the training and the test set, both in the file's order.

    Parameters
    ----------
    n : number of rows
    classes : the target of shape (n,) for a stratified split; None for a plain one

    Raises DatasetError where no class has a second row.
    """
    import numpy as np

    codes = None if classes is None else _codes(classes)
    alone = np.zeros(n, dtype=bool) if codes is None else (np.bincount(codes) == 1)[codes]
    if alone.all():
        message = f"target: some class needs at least 2 rows, got {n} classes in {n} rows. Choose another target."
        raise refuse("target", None, message)
    train, test = _split(np.flatnonzero(~alone), seed, None if codes is None else codes[~alone])
    findings = [] if classes is None or not alone.any() else [_rare(classes[alone])]
    return np.sort(np.append(train, np.flatnonzero(alone))), np.sort(test), findings


def _codes(classes: pd.Series[Any]) -> Rows:
    """The place of each row's class among the sorted ones: numbers are split faster than texts, and alike."""
    import numpy as np
    import pandas as pd

    codes, found = pd.factorize(classes)
    ranks = np.empty(len(found), dtype="int64")
    ranks[sorted(range(len(found)), key=found.tolist().__getitem__)] = np.arange(len(found))
    return ranks[codes]


def _split(rows: Rows, seed: int, codes: Rows | None) -> list[Rows]:
    """A stratified test set needs a row for every class, so many small classes make it larger."""
    from math import ceil

    import numpy as np
    from sklearn.model_selection import train_test_split

    size = max(ceil(TEST_SHARE * len(rows)), 0 if codes is None else len(np.unique(codes)))
    parts: list[Rows] = train_test_split(rows, test_size=size, random_state=seed, stratify=codes)
    return parts


def _rare(classes: pd.Series[Any]) -> Finding:
    """Classes with one row cannot be in both sets."""
    message = f"Classes with a single row, which cannot be tested, went to training: {listed(classes.tolist())}."
    return Finding("rare_class", str(classes.name), message)
