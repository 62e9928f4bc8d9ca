"""The compiler around the SDK. Small modules stand in for the pipelines: the SDK itself is not imported here."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from algorithms.errors import MissingExtraError, PlatformError
from pipelines import compile as compiler
from pipelines.compile import Compiled, compile_module, get_pipeline_definition, main, to_text
from pipelines.settings import EXAMPLE

STAND_IN = """
import json, logging, os
class Pipeline:
    name = "stand-in"
    def __init__(self, settings): self.settings = settings
    def definition(self):
        logging.getLogger("sagemaker").warning("a remark of the SDK")
        return json.dumps({"Region": os.environ["AWS_DEFAULT_REGION"], "Bucket": self.settings.bucket})
def get_pipeline(settings): return Pipeline(settings)
"""
SETTINGS = json.dumps({"bucket": "given", "role_arn": EXAMPLE.role_arn, "image_uri": "image", "region": "eu-west-1"})


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes a module that can be imported by the name that is returned."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(text: str) -> str:
        name = f"stand_in_{len(list(tmp_path.iterdir()))}"
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
        return name

    return write


class TestCompileModule:
    def test_gives_name_and_definition(self, module: Any) -> None:
        expected = Compiled("stand-in", {"Region": "us-east-1", "Bucket": "mlops-local"})
        assert compile_module(module(STAND_IN), EXAMPLE) == expected

    def test_leaves_the_environment_as_it_was(self, module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
        monkeypatch.delenv("AWS_EC2_METADATA_DISABLED", raising=False)
        before = dict(os.environ)
        compile_module(module(STAND_IN), EXAMPLE)
        assert dict(os.environ) == before

    def test_keeps_back_the_remarks_of_the_sdk(self, module: Any, caplog: pytest.LogCaptureFixture) -> None:
        compile_module(module(STAND_IN), EXAMPLE)
        assert caplog.records == []
        logging.getLogger("sagemaker").warning("afterwards")
        assert [record.message for record in caplog.records] == ["afterwards"]

    def test_restores_everything_after_a_failure(self, module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        before, disabled = dict(os.environ), logging.root.manager.disable
        with pytest.raises(ZeroDivisionError):
            compile_module(module("def get_pipeline(settings): 1 / 0"), EXAMPLE)
        assert (dict(os.environ), logging.root.manager.disable) == (before, disabled)

    def test_a_missing_sdk_names_the_extra(self, module: Any) -> None:
        with pytest.raises(MissingExtraError, match=r"Compiling pipelines needs the extra 'pipelines': pip install"):
            compile_module(module("import sagemaker.is_not_installed"), EXAMPLE)

    def test_another_missing_library_is_a_defect(self, module: Any) -> None:
        with pytest.raises(ModuleNotFoundError, match="some_other_library"):
            compile_module(module("import some_other_library"), EXAMPLE)

    @pytest.mark.parametrize("name", ["pipelines.superwised", "no_such_package.pipeline"])
    def test_an_unknown_module_is_told_with_the_known_ones(self, name: str) -> None:
        with pytest.raises(PlatformError, match=rf"no such module, got '{name}'\. Name one of pipelines\.supervised"):
            compile_module(name, EXAMPLE)

    def test_a_module_without_a_pipeline_is_told(self) -> None:
        with pytest.raises(PlatformError, match=r"no function get_pipeline, got 'pipelines\.settings'"):
            compile_module("pipelines.settings", EXAMPLE)


def test_main_writes_and_checks_the_generated_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "reference.md"
    monkeypatch.setattr(compiler, "generated_files", lambda: {page: "# Pipelines\n"})
    assert main(["--check"]) == 1
    assert not page.exists()
    assert main([]) == 0
    assert page.read_text() == "# Pipelines\n"
    assert main(["--check"]) == 0


def test_without_the_sdk_main_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sagemaker", None)
    for name in ("pipelines.supervised", "pipelines.building", "pipelines.plan"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert main([]) == 1
    assert capsys.readouterr().err.startswith("Compiling pipelines needs the extra 'pipelines': pip install")


class TestGetPipelineDefinition:
    def test_prints(self, module: Any, capsys: pytest.CaptureFixture[str]) -> None:
        assert get_pipeline_definition(["-n", module(STAND_IN), "-kwargs", SETTINGS]) == 0
        assert json.loads(capsys.readouterr().out) == {"Region": "eu-west-1", "Bucket": "given"}

    def test_writes_a_file(self, module: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "definition.json"
        options = ["--module-name", module(STAND_IN), "--kwargs", SETTINGS, "--file-name", str(file)]
        assert get_pipeline_definition(options) == 0
        assert file.read_text() == to_text({"Region": "eu-west-1", "Bucket": "given"})
        assert capsys.readouterr().out == ""

    def test_what_the_operator_can_fix_is_one_line(self, module: Any, capsys: pytest.CaptureFixture[str]) -> None:
        assert get_pipeline_definition(["-n", module(STAND_IN), "-kwargs", '{"default_bucket": "b"}']) == 1
        assert capsys.readouterr().err.startswith("default_bucket: no such setting.")

    @pytest.mark.parametrize("text", ["", "[]", "{", "{'bucket': 'b'}"])
    def test_settings_that_are_no_json_object_are_refused(self, text: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert get_pipeline_definition(["-n", "pipelines.supervised", "-kwargs", text]) == 1
        assert capsys.readouterr().err.startswith(f"--kwargs: must be a JSON object, got {text!r}.")


def test_text_is_readable_and_complete() -> None:
    assert to_text({"b": [1, "größe"], "a": None}) == '{\n "b": [\n  1,\n  "größe"\n ],\n "a": null\n}\n'


def test_importing_the_compiler_imports_nothing_heavy() -> None:
    script = (
        "import sys, pipelines.compile, pipelines.upsert, pipelines.definitions, pipelines.reference\n"
        "heavy = {'boto3', 'botocore', 'numpy', 'pandas', 'sagemaker', 'sklearn', 'torch'} & set(sys.modules)\n"
        "print(sorted(heavy))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")
