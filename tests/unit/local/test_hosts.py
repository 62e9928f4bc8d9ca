"""Real processes: which of several hosts counts, and that none is left."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import hosts as module
from local.hosts import host_log, host_names, meeting_place, resource_config, run_together
from local.workers import Job, Outcome, Workers

SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers()
    yield made
    made.close()


@pytest.fixture
def run(workers: Workers, tmp_path: Path, monkeypatch: Any) -> Any:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.5)

    def run(*codes: str, **more: Any) -> tuple[str, Outcome]:
        jobs = []
        for number, code in enumerate(codes, 1):
            folder = tmp_path / str(number)
            folder.mkdir()
            command = ["python", "-c", code]
            jobs.append(Job(str(number), command, folder / "ml", folder, tmp_path / f"{number}.log", **more))
        began = time.monotonic()
        job, outcome = run_together(workers, jobs)
        assert time.monotonic() - began < 20
        assert workers._running == {}
        return job.name, outcome

    return run


def test_all_is_well(run: Any) -> None:
    assert run("pass", "pass", "pass") == ("1", Outcome(0))


def test_the_host_that_failed_counts_and_the_others_are_ended(run: Any) -> None:
    assert run(SLEEP, "exit(3)", SLEEP) == ("2", Outcome(3))


def test_a_killed_host_counts_before_those_that_noticed(run: Any) -> None:
    killed = "import os, time; time.sleep(0.4); os.kill(os.getpid(), 9)"
    assert run("exit(1)", killed, "exit(1)") == ("2", Outcome(-9))


def test_a_time_limit(run: Any) -> None:
    assert run(SLEEP, SLEEP, time_limit_seconds=0.5)[1].timed_out


def test_a_cancelled_job_starts_no_host(run: Any) -> None:
    cancelled = threading.Event()
    cancelled.set()
    assert run(SLEEP, SLEEP, cancelled=cancelled)[1].stopped


@pytest.mark.parametrize("first", [SLEEP, "pass"])
def test_stopping_the_job_ends_all_hosts(run: Any, workers: Workers, first: str) -> None:
    cancelled = threading.Event()

    def stop() -> None:
        time.sleep(1.5)
        cancelled.set()
        workers.stop("1")

    threading.Thread(target=stop).start()
    assert run(first, SLEEP, SLEEP, cancelled=cancelled)[1].stopped


def test_what_hosts_are_told() -> None:
    names = host_names(3)
    assert names == ["algo-1", "algo-2", "algo-3"]
    assert resource_config("algo-2", names) == {
        "current_host": "algo-2",
        "hosts": names,
        "network_interface_name": "lo",
    }
    assert host_log(Path("logs/Train.log"), "algo-2") == Path("logs/Train-algo-2.log")
    assert meeting_place()["MLOPS_FIRST_HOST"].startswith("127.0.0.1:")
