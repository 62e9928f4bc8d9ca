"""The feature pipeline that all table algorithms share: raw rows in, numbers out. Fitted on training rows only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from algorithms.columns import read_columns
from algorithms.errors import DatasetError, ParameterError, Problem
from algorithms.params import Preprocessing
from algorithms.schema import Column, TableSchema
from algorithms.wording import did_you_mean, plain, shown

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Matrix = Any
    """A dense array or a SciPy CSR array of shape (n_rows, n_features)."""
    Array = np.ndarray[Any, Any]

MAX_CATEGORIES = 2_000
"""Features that one category column gives at most; the rarest categories share the last one."""
MAX_WORDS = 2_000
"""Features that all text columns together give at most: the most frequent words."""
DENSE_CELLS = 20_000_000
"""Training matrices up to this size are dense: trees and networks are several times as fast on them."""
MAX_FLOAT32 = 3e38


class Features:
    """Turns the rows of one table schema into a matrix.

    Parameters
    ----------
    schema : the columns and the task
    preprocessing : what to do with missing values, outliers, categories, scales, and which columns to leave out
    seed : of the cross-fitting that `encoding: target` does
    dtype : of the matrix; trees and networks work in float32 anyway, and half the memory is enough

    Raises ParameterError for `drop_columns` that are unknown, and for `encoding: target` without a target.
    """

    def __init__(
        self,
        schema: TableSchema,
        preprocessing: Preprocessing,
        *,
        seed: int = 0,
        dtype: Literal["float32", "float64"] = "float64",
    ) -> None:
        self.schema, self.preprocessing = schema, preprocessing
        self.seed, self.dtype = seed, dtype
        self.columns = _kept_columns(schema, preprocessing)
        self.limits: dict[str, list[float]] = {}
        self.transformer: Any = None
        self.dense = False

    def complete_rows(self, rows: pd.DataFrame) -> Array:
        """The mask of shape (n_rows,) of the rows to train on: all, or with `missing: drop` those without a gap.

        Raises DatasetError when no row is left.
        """
        complete = self.complete(rows)
        self.check_left(int(complete.sum()))
        return complete

    def complete(self, rows: pd.DataFrame) -> Array:
        """As `complete_rows`, of some of the rows: none may be left of them."""
        import numpy as np

        if self.preprocessing.missing != "drop":
            return np.ones(len(rows), dtype=bool)
        return np.asarray(read_columns(rows, self.columns).notna().all(axis="columns"))

    def check_left(self, rows: int) -> None:
        """Raises DatasetError where `missing: drop` leaves no row."""
        if rows == 0 and self.preprocessing.missing == "drop":
            message = (
                "preprocessing.missing: drop leaves no training row, every row lacks a value. Choose median instead."
            )
            raise DatasetError.of("preprocessing.missing", "drop", message)

    def fit_transform(self, rows: pd.DataFrame, y: Array | None) -> Matrix:
        """The training matrix. Only `encoding: target` looks at `y`, class codes or numbers of shape (n_rows,).

        Raises DatasetError when no column holds a value or a word.
        """
        frame = read_columns(rows, self.columns)
        self.columns = [column for column in self.columns if frame[column.name].notna().any()]
        if not self.columns:
            raise DatasetError.of("dataset", None, "dataset: no feature column holds a value. Add features.")
        self.limits = _limits(frame[self._names("number")], self.preprocessing.outliers)
        frame = self._ready(frame)
        self.transformer = self._build(frame, y)
        matrix = self.transformer.fit_transform(frame, y)
        if matrix.shape[1] == 0:
            raise DatasetError.of("dataset", None, "dataset: the text columns hold no words. Add features.")
        self.dense = matrix.shape[0] * matrix.shape[1] <= DENSE_CELLS
        return self._cast(matrix)

    def fit_sample(self, rows: pd.DataFrame, total: int) -> None:
        """Fits on rows that stand for `total` ones. Raises ParameterError for `encoding: target`, else DatasetError."""
        self.dense = total * self.fit_transform(rows, None).shape[1] <= DENSE_CELLS

    def transform(self, rows: pd.DataFrame) -> Matrix:
        """The matrix of raw rows. Raises DatasetError for missing columns and for no rows at all."""
        if len(rows) == 0:
            raise DatasetError.of("rows", 0, "rows: at least 1 is needed, got 0. Send rows with a value each.")
        return self._cast(self.transformer.transform(self._ready(read_columns(rows, self.columns))))

    @property
    def matrix_columns(self) -> list[str] | None:
        """The column that each column of the matrix is of; None where one became several, or none was fitted."""
        names = [*self._names("number"), *self._names("category")]
        width = max((part.stop for part in self.transformer.output_indices_.values()), default=0)
        return names if width == len(names) and not self._names("text") else None

    def state(self) -> dict[str, Any]:
        """What fitting found out; `restore` takes it back."""
        columns = [column.name for column in self.columns]
        return {"columns": columns, "limits": self.limits, "dense": self.dense, "transformer": self.transformer}

    def restore(self, state: dict[str, Any]) -> Self:
        """This object, fitted as the one that `state` came from."""
        used = set(state["columns"])
        self.columns = [column for column in self.columns if column.name in used]
        self.limits, self.dense, self.transformer = state["limits"], state["dense"], state["transformer"]
        return self

    def _names(self, kind: str) -> list[str]:
        return [column.name for column in self.columns if column.type == kind]

    def _ready(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Outliers clipped, missing texts empty."""
        numbers = {name: frame[name].clip(*limits) for name, limits in self.limits.items()}
        texts = {name: frame[name].fillna("") for name in self._names("text")}
        return frame.assign(**numbers, **texts)

    def _cast(self, matrix: Any) -> Matrix:
        import numpy as np
        from scipy import sparse

        if sparse.issparse(matrix):
            matrix = matrix.toarray() if self.dense else matrix.tocsr()
        if self.dtype == "float32":
            values = matrix.data if sparse.issparse(matrix) else matrix
            np.clip(values, -MAX_FLOAT32, MAX_FLOAT32, out=values)
        return matrix.astype(self.dtype)

    def _build(self, frame: pd.DataFrame, y: Array | None) -> Any:
        from sklearn.compose import ColumnTransformer

        parts = [("numbers", self._number_steps(), self._names("number"))]
        parts += [("categories", self._category_steps(y), self._names("category"))]
        texts = self._names("text")
        words = [(f"words {name}", _vectorizer(frame[name], max(1, MAX_WORDS // len(texts))), name) for name in texts]
        return ColumnTransformer([part for part in parts + words if part[2]])

    def _number_steps(self) -> Any:
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline

        strategy = "median" if self.preprocessing.missing == "drop" else self.preprocessing.missing
        return make_pipeline(SimpleImputer(strategy=strategy), self._scaler())

    def _category_steps(self, y: Array | None) -> Any:
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline

        return make_pipeline(SimpleImputer(strategy="most_frequent"), *self._encoder(y))

    def _encoder(self, y: Array | None) -> list[Any]:
        from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

        match self.preprocessing.encoding:
            case "one_hot":
                return [OneHotEncoder(handle_unknown="ignore", max_categories=MAX_CATEGORIES, dtype=self.dtype)]
            case "ordinal":
                return [OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), self._scaler()]
            case "target":
                return [_target_encoder(self.schema.task_type, y, self.seed), self._scaler()]

    def _scaler(self) -> Any:
        from sklearn.preprocessing import MinMaxScaler, StandardScaler

        match self.preprocessing.scaling:
            case "standard":
                return StandardScaler()
            case "minmax":
                return MinMaxScaler()
            case "none":
                return "passthrough"


def _kept_columns(schema: TableSchema, preprocessing: Preprocessing) -> list[Column]:
    known = [*schema.names, *schema.left_out]
    problems = [_unknown_column(name, known) for name in preprocessing.drop_columns if name not in known]
    if problems:
        raise ParameterError(problems)
    kept = [column for column in schema.columns if column.name not in preprocessing.drop_columns]
    if not kept:
        raise ParameterError.of(
            "preprocessing.drop_columns",
            None,
            "preprocessing.drop_columns: leaves no feature column. Name fewer columns.",
        )
    return kept


def _unknown_column(name: str, known: list[str]) -> Problem:
    key = "preprocessing.drop_columns"
    message = f"{key}: must name feature columns, got {shown(name)}. {did_you_mean(name, known)}"
    return Problem(key, plain(name), message)


def _limits(numbers: pd.DataFrame, rule: str) -> dict[str, list[float]]:
    """Column -> lowest and highest value that is kept. A column without spread has no outliers.

    iqr: 1.5 interquartile ranges beyond the quartiles (Tukey 1977). zscore: 3 standard deviations around the mean.
    """
    if rule == "none":
        return {}
    if rule == "iqr":
        low, high = numbers.quantile(0.25), numbers.quantile(0.75)
        margin = 1.5 * (high - low)
    else:
        low = high = numbers.mean()
        margin = 3 * numbers.std(ddof=0)
    spread = margin.index[margin > 0]
    return {name: [float(low[name] - margin[name]), float(high[name] + margin[name])] for name in spread}


def _vectorizer(texts: pd.Series[Any], max_words: int) -> Any:
    """TF-IDF over the most frequent words; words of very few rows are left out. "drop" for a column without words."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    rows = max(1, len(texts) // 100)
    try:
        words = TfidfVectorizer(max_features=max_words, min_df=min(5, rows)).fit(texts).vocabulary_
    except ValueError:
        return "drop"
    return TfidfVectorizer(vocabulary=sorted(words), sublinear_tf=True)


def _target_encoder(task_type: str, y: Array | None, seed: int) -> Any:
    """Micci-Barreca 2001, cross-fitted, so that a row's own target does not enter its features."""
    import numpy as np
    from sklearn.model_selection import KFold, StratifiedKFold
    from sklearn.preprocessing import TargetEncoder

    if y is None:
        message = "preprocessing.encoding: target needs a target, this task has none. Choose one_hot or ordinal."
        raise ParameterError.of("preprocessing.encoding", "target", message)
    if task_type == "regression":
        folds = KFold(max(2, min(5, len(y))), shuffle=True, random_state=seed)
        return TargetEncoder(target_type="continuous", cv=folds)
    counts = np.unique(y, return_counts=True)[1]
    folds = StratifiedKFold(max(2, min(5, int(counts.max()))), shuffle=True, random_state=seed)
    return TargetEncoder(target_type="binary" if len(counts) == 2 else "multiclass", cv=folds)
