"""`mlops reproduce` on a record that `mlops run` made, and on files that are none."""

import json

import pytest

from local.records import Record
from local.reproduce import Figure, Reproduction, why_it_may_differ
from tests.integration.command import mlops, registered

BODY = """
learning_type: supervised
algorithm: xgboost
dataset_id: wine
hyperparameters: {n_estimators: 5}
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace with one registered attempt."""
    return registered(tmp_path_factory.mktemp("reproduce"), BODY)


@pytest.fixture
def record(workspace, tmp_path):
    """A copy of the attempt's record, with changes."""
    (found,) = (workspace / "github/training_history").rglob("record.json")

    def write(**changes):
        copy = tmp_path / "record.json"
        copy.write_text(json.dumps({**json.loads(found.read_text()), **changes}))
        return copy

    return write


def test_every_figure_but_the_changed_one_is_the_same_bit_for_bit(workspace, record):
    metrics = json.loads(record().read_text())["metrics"]
    before = sorted(workspace.rglob("*"))
    changed = record(metrics={**metrics, "f1": metrics["f1"] + 1e-16 if metrics["f1"] < 0.5 else metrics["f1"] - 1e-15})
    done = mlops("reproduce", changed, "--workspace", workspace, "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["status"], found["problems"]) == (3, "different", [])
    assert [figure["name"] for figure in found["different"]] == ["metrics.f1"]
    assert found["different"][0]["again"] == metrics["f1"]
    assert found["figures"] > 15
    assert sorted(workspace.rglob("*")) == before


def test_other_data_is_refused_before_anything_runs(workspace, record, tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "train.csv").write_text("a,target\n" + "1,x\n2,y\n" * 30)
    done = mlops("reproduce", record(), "--workspace", workspace, "--data", folder)
    assert done.exit_code == 2
    assert "dataset wine: not the one of the record" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"schema_version": 2}, "schema_version"),
        ({"run_id": "../../etc"}, "run_id"),
        ({"metrics": {}}, "never evaluated"),
        ({"parameters": [1]}, "parameters"),
        ({"request": None}, "request"),
    ],
)
def test_what_is_no_record_is_refused(workspace, record, changes, told):
    done = mlops("reproduce", record(**changes), "--workspace", workspace)
    assert done.exit_code == 2
    assert told in done.stderr


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b"\xff", b"[]", b"x" * (2**20 + 1)])
def test_a_damaged_file_is_refused(tmp_path, content):
    file = tmp_path / "record.json"
    file.write_bytes(content)
    done = mlops("reproduce", tmp_path)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"record {tmp_path}: ")


def test_a_dataset_id_names_no_other_folder(workspace, record):
    parameters = json.loads(record().read_text())["parameters"]
    done = mlops("reproduce", record(parameters={**parameters, "DatasetId": "../../x"}), "--workspace", workspace)
    assert done.exit_code == 2
    assert "dataset_id" in done.stderr


def test_the_last_line_counts():
    same = Reproduction("same", "issue-1-attempt-1", "1.0 (a)", "1.0 (a)", 23)
    assert list(same.lines()) == ["issue-1-attempt-1: same, 23 of 23 figures are equal bit for bit"]
    other = Reproduction("different", "issue-1-attempt-1", "1.0 (a)", "1.1 (b)", 23, [Figure("n", 30, 29)])
    assert list(other.lines())[-1].endswith("different, 22 of 23 figures are equal bit for bit")
    assert [same.exit_code, other.exit_code, Reproduction().exit_code] == [0, 3, 1]


@pytest.mark.parametrize(("workers", "told"), [(1, False), (4, True)])
def test_who_may_differ_says_so(workers, told):
    parameters = {"Hyperparameters": json.dumps({"n_workers": workers})}
    given = {"schema_version": 1, "run_id": "issue-1-attempt-1", "code_version": "1", "dataset_digest": None}
    request = {"learning_type": "reinforcement", "algorithm": "a3c"}
    figures = {"metrics": {"f1": 1}, "train_score": None, "baseline": None, "n": 1}
    record = Record.model_validate({**given, **figures, "request": request, "parameters": parameters})
    why = why_it_may_differ(record)
    assert bool(why) is told
    if told:
        found = Reproduction("different", different=[Figure("f1", 1, 2)], figures=1, expected=why)
        assert "a3c gives the same figures again only with n_workers: 1; this attempt had n_workers: 4" in "\n".join(
            found.lines()
        )
