"""The container's settings."""

from __future__ import annotations

import pytest

from steps.limits import Limits
from steps.serve import CLOSING_SECONDS, capture_from, create_server, main, port_from
from steps.serving_app import Service


@pytest.mark.parametrize(("environment", "port"), [({}, 8080), ({"SAGEMAKER_BIND_TO_PORT": "9000"}, 9000)])
def test_the_port(environment, port):
    assert port_from(environment) == port


def test_capture_is_asked_for_by_name(tmp_path):
    assert capture_from({}) is None
    assert capture_from({"MLOPS_CAPTURE_DIR": ""}) is None
    capture = capture_from({"MLOPS_CAPTURE_DIR": str(tmp_path / "new")})
    assert capture is not None
    capture.add(("text/csv", b""), ("text/csv", b""))
    assert len(list((tmp_path / "new").rglob("*.jsonl"))) == 1


def test_it_ends_before_sagemaker_kills_it(served):
    service = Service(served(), limits=Limits())
    config = create_server(service, 8080).config
    assert config.timeout_graceful_shutdown == CLOSING_SECONDS < 30
    assert (config.host, config.port) == ("0.0.0.0", 8080)  # noqa: S104
    service.close()


def test_no_model_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MLOPS_ML_ROOT", str(tmp_path))
    assert main() == 1
    assert capsys.readouterr().err == "model: there is no model folder. Train again.\n"
