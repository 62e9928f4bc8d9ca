"""Raw cells to typed columns."""

import datetime

import numpy as np
import pandas as pd
import pytest

from algorithms.columns import MISSING_TEXTS, NUMBER_LIMIT, read_columns, read_numbers, read_texts
from algorithms.errors import DatasetError
from algorithms.schema import Column

NUMBER = Column(name="x", type="number")
CATEGORY = Column(name="x", type="category")
NAN = float("nan")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        pytest.param([1, 2], [1, 2], id="ints"),
        pytest.param(["1", " 2.5 ", "1e-3"], [1, 2.5, 0.001], id="texts of numbers"),
        pytest.param(["1", "x", "", "NA", None], [1, NAN, NAN, NAN, NAN], id="texts that are none"),
        pytest.param([True, False], [1, 0], id="truth values"),
        pytest.param([True, "false", None], [1, 0, NAN], id="mixed truth values"),
        pytest.param([float("inf"), -float("inf"), 1.0], [NAN, NAN, 1], id="infinity is missing"),
        pytest.param(["1e999", "1"], [NAN, 1], id="text of infinity"),
        pytest.param([1e300, -1e300], [NUMBER_LIMIT, -NUMBER_LIMIT], id="huge"),
        pytest.param(["1970-01-02", "1970-01-01T12:00:00Z"], [1, 0.5], id="ISO dates"),
        pytest.param(pd.to_datetime(["1970-01-03", None]), [2, NAN], id="timestamps"),
        pytest.param([datetime.date(1970, 1, 2)], [1], id="dates"),
        pytest.param(pd.array([1, None], dtype="Int64"), [1, NAN], id="nullable ints"),
    ],
)
def test_numbers(cells, expected):
    np.testing.assert_allclose(read_numbers(pd.Series(cells), NUMBER), expected)


def test_own_markers_of_a_number_column():
    column = Column(name="x", type="number", na_values=["-999", "unknown"])
    assert read_numbers(pd.Series([-999, 1]), column).isna().tolist() == [True, False]
    assert read_numbers(pd.Series(["unknown", "-999", "1"]), column).isna().tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        pytest.param([1, 2.0, "2", 2.5], ["1", "2", "2", "2.5"], id="numbers as texts"),
        pytest.param([True, "true", "TRUE", "False"], ["True", "True", "True", "False"], id="truth values"),
        pytest.param(["a", None, "NA", ""], ["a", NAN, NAN, NAN], id="default markers"),
    ],
)
def test_texts(cells, expected):
    found = read_texts(pd.Series(cells, dtype=object), CATEGORY)
    pd.testing.assert_series_equal(found, pd.Series(expected, dtype=object))


def test_a_category_may_be_called_none():
    column = Column(name="x", type="category", na_values=[])
    assert read_texts(pd.Series(["None", "NA", ""]), column).isna().tolist() == [False, False, True]


def test_markers_are_those_of_pandas(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("x,y\n" + "".join(f'"{marker}",1\n' for marker in sorted(MISSING_TEXTS)), encoding="utf-8")
    assert pd.read_csv(path)["x"].isna().all()


def test_order_and_other_columns_do_not_matter():
    rows = pd.DataFrame({"z": [1], 5: [2], "x": ["3"]}, index=[7])
    found = read_columns(rows, [NUMBER, Column(name="5", type="number")])
    pd.testing.assert_frame_equal(found, pd.DataFrame({"x": [3.0], "5": [2.0]}, index=[7]))


def test_all_missing_and_repeated_columns_are_named_at_once():
    rows = pd.DataFrame([[1, 2]], columns=["b", "b"])
    with pytest.raises(DatasetError) as caught:
        read_columns(rows, [Column(name=name, type="number") for name in "abc"])
    assert [problem.key for problem in caught.value.problems] == ["a", "b", "c"]


def test_lists_in_cells_are_refused():
    with pytest.raises(DatasetError, match='"x": cells must be numbers or texts'):
        read_columns(pd.DataFrame({"x": [[1], [2]]}), [CATEGORY])


@pytest.mark.parametrize("rows", [{"y": [1]}, {"\x1b]0;pwned\x07": [[1]]}], ids=["missing", "lists"])
def test_messages_show_hostile_column_names_harmlessly(rows):
    with pytest.raises(DatasetError) as caught:
        read_columns(pd.DataFrame(rows), [Column(name="\x1b]0;pwned\x07", type="category")])
    assert caught.value.problems[0].message.startswith('"\\u001b]0;pwned\\u0007": ')
