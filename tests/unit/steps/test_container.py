"""steps.container: failure messages, arguments, progress and strict JSON."""

from __future__ import annotations

import errno
import json
from argparse import ArgumentParser
from pathlib import Path

import pytest

from algorithms.errors import DatasetError, MissingExtraError, PlatformError, Problem
from steps import container
from steps.container import (
    Paths,
    ProgressPrinter,
    failure_message,
    read_arguments,
    report_failure,
    run_step,
    write_json,
)


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("MLOPS_ML_ROOT", str(tmp_path))
    return tmp_path


def run_and_read(root: Path, error: Exception) -> dict[str, object]:
    def step(paths: Paths) -> None:
        raise error

    assert run_step(step, lambda paths: paths.message) == 1
    return json.loads((root / "output/message").read_bytes())


class TestPaths:
    def test_default_root_is_sagemakers(self, monkeypatch):
        monkeypatch.delenv("MLOPS_ML_ROOT", raising=False)
        assert Paths.from_environment().failure == Path("/opt/ml/output/failure")

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            (lambda paths: paths.hyperparameters, "input/config/hyperparameters.json"),
            (lambda paths: paths.channel("train"), "input/data/train"),
            (lambda paths: paths.model, "model"),
            (lambda paths: paths.processing_input("raw"), "processing/input/raw"),
            (lambda paths: paths.processing_output("test"), "processing/output/test"),
        ],
    )
    def test_root_is_movable(self, root, path, expected):
        assert path(Paths.from_environment()) == root / expected


class TestRunStep:
    def test_success_leaves_no_message(self, root):
        assert run_step(lambda paths: None, lambda paths: paths.failure) == 0
        assert not (root / "output").exists()

    def test_every_problem_of_a_request_error(self, root):
        problems = [Problem("age", -1, "age: negative."), Problem("target", "x", "target: unknown.")]
        assert run_and_read(root, DatasetError(problems)) == {
            "error": "DatasetError",
            "problems": [problem.to_dict() for problem in problems],
            "more": 0,
        }

    @pytest.mark.parametrize(
        ("error", "name", "text"),
        [
            (PlatformError("network: timed out."), "PlatformError", "network: timed out."),
            (MissingExtraError("rl", "ppo"), "MissingExtraError", "'.[rl]'"),
            (MemoryError(), "ResourceError", "memory: used up"),
            (OSError(errno.ENOSPC, "full"), "ResourceError", "disk: full"),
            (OSError(errno.EDQUOT, "quota"), "ResourceError", "disk: full"),
            (KeyError("secret"), "InternalError", "KeyError"),
            (OSError(errno.ENOENT, "gone"), "InternalError", "FileNotFoundError"),
        ],
        ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
    )
    def test_class_says_who_acts(self, root, error, name, text):
        message = run_and_read(root, error)
        assert message["error"] == name
        assert text in message["problems"][0]["message"]

    @pytest.mark.parametrize(
        ("file", "advice"),
        [("failure", "a larger instance_type in the issue"), ("message", "a larger processing_instance_type")],
        ids=["training", "processing"],
    )
    def test_the_request_decides_on_the_instance_of_training_only(self, tmp_path, file, advice):
        report_failure(MemoryError(), tmp_path / file)
        assert advice in (tmp_path / file).read_text()

    def test_a_defect_tells_its_type_only_and_logs_the_rest(self, root, capsys):
        message = run_and_read(root, KeyError("secret"))
        assert "secret" not in json.dumps(message)
        assert "Traceback" in capsys.readouterr().err

    def test_a_requesters_error_has_no_traceback(self, root, capsys):
        run_and_read(root, DatasetError.of("train.csv", None, "train.csv: empty."))
        assert capsys.readouterr().err == "DatasetError: train.csv: empty.\n"


class TestFailureMessage:
    @pytest.mark.parametrize(
        "text",
        ["x" * 5000, "日本語" * 900, "\x00" * 900, '"\\' * 900, "\ud800" * 900, "😀" * 900],
        ids=["ascii", "japanese", "control", "escapes", "surrogates", "emoji"],
    )
    def test_bounded_valid_json_with_one_problem_at_least(self, text):
        message = failure_message("DatasetError", [Problem(text, text, text)] * 50)
        read = json.loads(message.decode("utf-8"))
        assert len(message) <= 1000
        assert len(read["problems"]) >= 1
        assert len(read["problems"]) + read["more"] == 50

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), [1, 2], {"a": 1}, 10**500])
    def test_values_stay_strict_json(self, value):
        def refuse(constant: str) -> None:
            raise AssertionError(constant)

        json.loads(failure_message("E", [Problem("k", value, "m")]), parse_constant=refuse)

    def test_counts_what_did_not_fit(self):
        read = json.loads(failure_message("E", [Problem(f"k{i}", i, "m" * 100) for i in range(20)]))
        assert len(read["problems"]) + read["more"] == 20
        assert read["more"] > 0


class TestReadArguments:
    @pytest.fixture
    def parser(self) -> ArgumentParser:
        parser = ArgumentParser(allow_abbrev=False)
        parser.add_argument("--target", default="none")
        parser.add_argument("--seed", type=int, default=0)
        return parser

    @pytest.mark.parametrize("value", ["", "-1", "--seed", "a=b", "a b"])
    def test_a_value_may_look_like_an_option(self, parser, value):
        assert read_arguments(parser, ["--target", value, "--seed", "3"]).target == value

    @pytest.mark.parametrize("argv", [["--seed", "x"], ["--other", "1"], ["--target", "a", "stray"]])
    def test_refuses_what_it_does_not_know(self, parser, argv):
        with pytest.raises(ValueError, match="container arguments"):
            read_arguments(parser, argv)


class TestReadHyperparameters:
    @pytest.mark.parametrize("text", ["[]", '{"seed": 1}', "nonsense"])
    def test_refuses_anything_but_strings(self, tmp_path, text):
        (tmp_path / "h.json").write_text(text)
        with pytest.raises(ValueError, match=r"strings|Expecting"):
            container.read_hyperparameters(tmp_path / "h.json")


class TestWriteJson:
    def test_replaces_and_leaves_nothing_else(self, tmp_path):
        write_json(tmp_path / "deep/a.json", {"x": 1})
        write_json(tmp_path / "deep/a.json", {"x": 2})
        assert json.loads((tmp_path / "deep/a.json").read_text()) == {"x": 2}
        assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.json"]

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_nan_and_infinity_never_leave(self, tmp_path, value):
        with pytest.raises(ValueError, match="not JSON compliant"):
            write_json(tmp_path / "a.json", {"x": value})
        assert list(tmp_path.iterdir()) == []


def test_progress_is_rate_limited_and_tells_the_end(capsys):
    times = iter([0.0, 0.1, 0.25, 0.3])
    show = ProgressPrinter(interval=0.2, clock=lambda: next(times))
    for done in (1, 2, 3, 4):
        show(done, 4, "round")
    assert capsys.readouterr().out == "progress: 1/4 round\nprogress: 3/4 round\nprogress: 4/4 round\n"
