"""Whatever goes wrong in the Lambda functions: no secret is in a log, trace, answer, record or comment."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.trust.canaries import PLANTED, finds

HERE = Path(__file__).parent
PROJECT = HERE.parents[2]
FOLDERS = (PROJECT, HERE, HERE.parents[1] / "conformance")
LAMBDA = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_LAMBDA_FUNCTION_NAME": "f",
    "LAMBDA_TASK_ROOT": "/var/task",
    "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
}
"""Without the task root nothing is traced."""
LONGEST_DATAGRAM = 65_536
FORCED = {
    "environment": ("answered 401", "answered 500", "ConnectionError", "Slack could not be", "a secret stood in"),
    "store": ("answered 401", "Slack could not be", "a secret stood in"),
    "app": ("its private key cannot be used", "Slack could not be", "a secret stood in"),
}
"""What the log tells of errors that must have been met; each kind meets those of AWS too."""


@contextmanager
def traces() -> Iterator[tuple[str, list[bytes]]]:
    """The address of X-Ray's daemon, and what it hears."""
    heard: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=lambda: heard.extend(iter(lambda: daemon.recv(LONGEST_DATAGRAM), b"end")))
        thread.start()
        try:
            yield "{}:{}".format(*daemon.getsockname()), heard
        finally:
            daemon.sendto(b"end", daemon.getsockname())
            thread.join()


@pytest.mark.parametrize("kind", FORCED)
def test_nothing_of_them_is_told(tmp_path: Path, kind: str) -> None:
    told = tmp_path / "told"
    command = [sys.executable, str(HERE / "lambda_functions.py"), str(told), kind]
    with traces() as (address, heard):
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(map(str, FOLDERS)),
            "AWS_XRAY_DAEMON_ADDRESS": address,
            **LAMBDA,
            **PLANTED,
        }
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=120)
    log = done.stdout + done.stderr
    assert done.returncode == 0, log[-3000:].decode()
    assert finds([("log", log), ("told", told.read_bytes()), *(("trace", datagram) for datagram in heard)]) == []
    met = (*FORCED[kind], "SignatureDoesNotMatch", "ResourceNotFoundException", "broken by")
    assert [text for text in met if text.encode() not in log] == []
    assert any(b'"subsegments"' in datagram or b'"subsegment"' in datagram for datagram in heard)
