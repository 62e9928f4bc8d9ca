"""What every hyperparameter model has in common, and the preprocessing of tables. Light: pydantic only."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Params(BaseModel):
    """Base of every hyperparameter model: strict types, no unknown names, no NaN or infinity, immutable.

    Each field has bounds, a description, and the source of its default (see `source`).
    """

    model_config = ConfigDict(allow_inf_nan=False, extra="forbid", frozen=True, strict=True)


Raises = Literal["capacity", "regularisation", "effort", "either"]
"""What a greater value brings: a closer fit to the training rows, a looser one, a longer or more thorough training;
`either`: better or worse, which only trying shows."""


def source(text: str, raises: Raises | None = None, null: float | None = None) -> dict[str, Any]:
    """`json_schema_extra` of a field: where its default comes from, for the reference tables, and how to tune it.

    Parameters
    ----------
    raises : what a greater value brings; None: it is not suggested after an attempt below the threshold
    null : the number that null is about as good as, where the field takes null
    """
    tuning = {"raises": raises, "null": null}
    return {"source": text, **{key: value for key, value in tuning.items() if value is not None}}


class Preprocessing(Params):
    """How rows of a table become the numbers that an algorithm sees. Fitted on training rows only."""

    missing: Literal["median", "mean", "most_frequent", "drop"] = Field(
        "median",
        description="How missing numbers are filled in; categories always take the most frequent one. "
        "`drop` leaves out training rows with a missing value and fills test rows with the median.",
        json_schema_extra=source("robust against outliers"),
    )
    outliers: Literal["none", "iqr", "zscore"] = Field(
        "none",
        description="Numbers are clipped to training limits: 1.5 interquartile ranges beyond the quartiles "
        "(Tukey 1977), or 3 standard deviations around the mean.",
        json_schema_extra=source("no row is changed unasked"),
    )
    encoding: Literal["one_hot", "ordinal", "target"] = Field(
        "one_hot",
        description="How categories become numbers. Categories not seen in training are ignored (`one_hot`), "
        "-1 (`ordinal`) or the mean (`target`, supervised only).",
        json_schema_extra=source("scikit-learn's usual choice for few categories"),
    )
    scaling: Literal["standard", "minmax", "none"] = Field(
        "standard",
        description="How numbers are scaled: to mean 0 and deviation 1, to the range 0 to 1, or not at all.",
        json_schema_extra=source("needed by distances, gradients and ridge penalties; harmless to trees"),
    )
    duplicates: Literal["keep", "drop"] = Field(
        "keep",
        description="What happens to exact duplicate rows before the split. They are reported either way.",
        json_schema_extra=source("dropping them changes the scores of small tables a lot"),
    )
    drop_columns: list[str] = Field(
        default=[],
        max_length=200,
        description="Columns that are left out of the features.",
        json_schema_extra=source("none"),
    )
