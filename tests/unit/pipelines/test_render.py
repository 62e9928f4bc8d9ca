"""The generated files: stale ones are found, and what they say comes from the models."""

from __future__ import annotations

import pytest
import yaml

from algorithms.environments import ENVIRONMENTS
from algorithms.metrics import METRICS
from algorithms.registry import ALGORITHMS, algorithm
from pipelines.generated import stale_files
from pipelines.instances import INSTANCE_TYPES
from pipelines.issue_form import render_form
from pipelines.render import FILES, ROOT, generated_files, main
from pipelines.request import TrainingRequest
from pipelines.tables import environments_page, hyperparameters_page, instances_page, metrics_page, request_page


def test_the_committed_files_are_up_to_date():
    assert stale_files(generated_files(ROOT)) == []


def test_writes_what_the_check_then_accepts(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["--check"], tmp_path) == 1
    stale = [line.split(":")[0] for line in capsys.readouterr().err.splitlines()]
    assert stale[: len(FILES)] == list(FILES)
    assert stale[len(FILES) :] == [f"docs/algorithms/{name}.md" for name in [*ALGORITHMS, "README"]]
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0


def test_refuses_other_arguments(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--chek-it"], tmp_path)
    assert "usage" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def form_fields():
    return {field["id"]: field for field in yaml.safe_load(render_form())["body"] if "id" in field}


def test_the_form_labels_the_issue_and_asks_for_every_key():
    form = yaml.safe_load(render_form())
    assert form["labels"] == ["mlops:train"]
    assert {"name", "description", "body"} <= form.keys()
    assert list(form_fields()) == list(TrainingRequest.model_fields)


def test_the_form_requires_what_every_request_needs():
    required = [key for key, field in form_fields().items() if field.get("validations", {}).get("required")]
    assert required == ["learning_type", "algorithm"]


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("algorithm", list(ALGORITHMS)),
        ("environment", list(ENVIRONMENTS)),
        ("evaluation_metric", list(METRICS)),
        ("instance_type", list(INSTANCE_TYPES)),
    ],
)
def test_the_form_offers_what_the_request_accepts(key, options):
    field = form_fields()[key]
    assert field["type"] == "dropdown"
    assert field["attributes"]["options"] == options


def test_the_form_keeps_to_the_syntax_of_github():
    allowed = {
        "dropdown": {"label", "description", "options"},
        "input": {"label", "description", "placeholder"},
        "textarea": {"label", "description", "placeholder", "render"},
    }
    for field in form_fields().values():
        assert field["attributes"].keys() <= allowed[field["type"]]
        assert field["attributes"].keys() >= {"label", "description"}
    labels = [field["attributes"]["label"] for field in form_fields().values()]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_hyperparameter_is_described_with_the_source_of_its_default(name):
    section = hyperparameters_page().split(f"## {name}\n")[1].split("\n## ")[0]
    rows = {row.split("|")[1].strip(): row.split(" | ") for row in section.splitlines() if row.startswith("| `")}
    assert list(rows) == [f"`{field}`" for field in algorithm(name).params_model.model_fields]
    assert all(cell.strip(" |") for cells in rows.values() for cell in cells)


@pytest.mark.parametrize(
    ("page", "names"),
    [
        (request_page, [*TrainingRequest.model_fields, "drop_columns"]),
        (metrics_page, METRICS),
        (environments_page, ENVIRONMENTS),
        (instances_page, INSTANCE_TYPES),
    ],
)
def test_every_name_has_a_row(page, names):
    text = page()
    assert all(text.count(f"\n| `{name}` |") == 1 for name in names)


@pytest.mark.parametrize("page", [request_page, hyperparameters_page, metrics_page, environments_page, instances_page])
def test_rows_have_as_many_cells_as_their_header(page):
    tables = [block for block in page().split("\n\n") if block.startswith("|")]
    assert tables
    for table in tables:
        assert len({row.replace("\\|", "").count("|") for row in table.splitlines()}) == 1
