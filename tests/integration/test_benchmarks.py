"""benchmarks/quality.py, run on what is quick: tables keep their shape, misses show, and parts are kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.render import ROOT


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))


def test_one_algorithm_is_measured_and_the_others_stay(monkeypatch, tmp_path):
    from benchmarks import quality

    result = tmp_path / "quality.json"
    result.write_text(json.dumps({"ppo": {"rows": []}}))
    monkeypatch.setattr(quality, "RESULT", result)
    quality.main(["--only", "linear_regression"])
    written = json.loads(result.read_text())
    found = written.pop("linear_regression")
    assert written == {"ppo": {"rows": []}}
    assert [(row[0], row[-1]) for row in found["rows"]] == [("diabetes", "the same"), ("friedman1", "the same")]
    assert {len(row) for row in found["rows"]} == {len(found["columns"])}
    assert set(found["versions"]) == {"python", *quality.LIBRARIES["supervised"]}


def test_agents_are_trained_only_when_asked_for(monkeypatch, tmp_path):
    from benchmarks import quality

    monkeypatch.setattr(quality, "RESULT", tmp_path / "quality.json")
    quality.main(["--only", "q_learning"])
    assert not quality.RESULT.exists()


@pytest.mark.parametrize(
    ("ours", "told", "verdict"),
    [
        ([0.5, 0.6, 0.7], "0 on each split", "the same"),
        ([0.51, 0.59, 0.7], "+0.000 (-0.025 to +0.025)", "within noise"),
        ([0.6, 0.7, 0.81], "+0.103 (+0.089 to +0.118)", "better"),
        ([0.4, 0.5, 0.61], "-0.097 (-0.111 to -0.082)", "MISS: worse"),
    ],
)
def test_a_difference_is_paired_and_a_miss_is_told(ours, told, verdict):
    from benchmarks.against.supervised import difference

    assert difference(ours, [0.5, 0.6, 0.7]) == (told, verdict)


def test_an_agent_below_what_it_is_held_against_is_a_miss(monkeypatch):
    from benchmarks.against import agents

    rewards = {0: 500.0, 1: 480.0, 2: 500.0, 3: 499.0, 4: 500.0}
    monkeypatch.setattr(agents, "_trained", lambda _name, _environment, seed: (rewards[seed], 100_000))
    (row,) = agents.agent_table("ppo")["rows"]
    assert row[2:] == ["500.00", "480.00", "500.00", "499.00", "500.00", "495.80", agents.ZOO, "MISS: seed 1, 3"]


def test_the_optimum_of_the_cliff_is_the_shortest_way_along_it():
    from benchmarks.against.agents import optimum

    assert optimum("CliffWalking-v1") == (-13.0, 0.0)


def test_rounds_take_turns_and_compare_pair_by_pair() -> None:
    from benchmarks.tools.measuring import ratio, rounds, table

    called: list[str] = []
    found = rounds({"a": lambda: called.append("a"), "b": lambda: called.append("b")}, 2)
    assert (called, [list(one) for one in found]) == (["a", "b"] * 3, [["a", "b"]] * 2)
    assert ratio([{"a": 2.0, "b": 1.0}, {"a": 9.0, "b": 3.0}, {"a": 4.0, "b": 1.0}], "a", "b") == 3.0
    assert table(("x", "y"), [("1", "2")]) == "| x | y |\n| --- | --- |\n| 1 | 2 |"


@pytest.mark.parametrize("body", ["ISSUE", "WRONG"])
def test_the_webhook_decides_about_each_issue(body: str) -> None:
    from benchmarks import webhook

    found = webhook.deliveries(getattr(webhook, body), 2)
    assert len(found) == 2
    assert all(0 < own < whole for whole, own in found)


@pytest.mark.parametrize("way", ["ours", "bare"])
def test_an_agent_is_trained_in_both_ways(way: str, capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks import reinforcement

    getattr(reinforcement, way)("a2c", 80)()
    assert capsys.readouterr().out == ""


def test_issues_that_are_opened_together_are_all_registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks import throughput

    monkeypatch.setattr(throughput, "ISSUES", (2,))
    monkeypatch.setattr(throughput, "SINGLES", 0)
    singles, found = throughput.measured(tmp_path)
    assert (singles, list(found)) == ([], [2])
