"""The reference pages are as the code is."""

from __future__ import annotations

from lambda_bridge.reference import generated_files, main, workflow_page
from lambda_bridge.workflow import load_workflow
from pipelines.generated import stale_files


def test_no_page_is_stale():
    assert stale_files(generated_files()) == []


def test_every_state_is_on_the_page_and_in_the_diagram():
    page = workflow_page()
    for name in load_workflow("task")["States"]:
        assert f"| {name} |" in page
        assert f"    {name} --> " in page


def test_check_says_what_is_stale_and_writes_nothing(tmp_path, capsys):
    assert main(["--check"], tmp_path) == 1
    assert "workflow.md: is stale" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
