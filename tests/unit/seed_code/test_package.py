import json

import pytest

from algorithms.errors import PlatformError
from seed_code.project_template.package import own_files

PRICES = {"region": "eu-west-1", "date": "2026-01-31", "hourly": {"training": {"ml.m5.large": 0.1}, "processing": {}}}


@pytest.fixture
def project(tmp_path):
    """A project with one module, and one that needs the SDK."""
    for name in ("algorithms/base.py", "lambda_bridge/workflow.asl.json", "pipelines/building.py", "steps/train.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("{}")
    return tmp_path


def test_holds_what_the_functions_need(project):
    assert set(own_files(project)) == {"algorithms/base.py", "lambda_bridge/workflow.asl.json"}


def test_prices_travel_with_it(project):
    (project / "prices.json").write_text(json.dumps(PRICES))
    assert own_files(project)["prices.json"] == project / "prices.json"


def test_a_damaged_price_file_stops_it_here(project):
    (project / "prices.json").write_text('{"region": "eu-west-1"}')
    with pytest.raises(PlatformError, match=r"^prices\.json: is no price file"):
        own_files(project)
