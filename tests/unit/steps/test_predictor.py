"""Which models answer requests."""

import pytest

from algorithms.dbscan import DBSCAN
from algorithms.errors import DatasetError
from steps.predictor import load_predictor


def test_a_model_that_knows_its_training_rows_alone_is_not_served(sample_tables, tmp_path):
    DBSCAN().fit(sample_tables("iris", "clustering")[0]).save(tmp_path / "model")
    with pytest.raises(DatasetError, match="cannot be served: DBSCAN assigns no cluster to rows that it has not seen"):
        load_predictor(tmp_path / "model")
