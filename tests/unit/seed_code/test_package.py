import ast
import json
import subprocess

import pytest

from algorithms.errors import PlatformError
from seed_code.project_template.package import own_files, source_files

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


def test_the_source_is_what_git_tracks_and_the_prices(tmp_path):
    for name in ("setup.py", "local.env", "gone.py", "prices.json"):
        (tmp_path / name).write_text("x")
    for command in (["init", "-q"], ["add", "setup.py", "gone.py"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)  # noqa: S607
    (tmp_path / "gone.py").unlink()
    (tmp_path / "setup.py").write_text("changed")
    assert {file.name for file in source_files(tmp_path)} == {"setup.py", "prices.json"}


def test_without_git_all_but_what_is_made_is_the_source(tmp_path):
    for name in ("setup.py", "build/a.zip", "algorithms/a.py", "algorithms/__pycache__/a.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    found = {file.relative_to(tmp_path).as_posix() for file in source_files(tmp_path)}
    assert found == {"setup.py", "algorithms/a.py"}


def test_what_makes_pipelines_stays_out_of_the_functions_package():
    makers = [name for name, file in own_files().items() if file.suffix == ".py" and "sagemaker" in imported(file)]
    assert makers == []


def imported(file):
    """The top-level packages that a module imports anywhere in it."""
    found = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    named = [node.module or "" for node in found if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[0] for name in named}
