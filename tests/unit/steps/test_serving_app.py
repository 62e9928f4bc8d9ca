"""The container contract over HTTP."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from steps.capture import DataCapture
from steps.limits import Limits
from steps.refusals import RefusedError
from steps.serving_app import Service, read_body

ROW = {"size": 2, "colour": "red", "weight": 1.5}
CSV = {"Content-Type": "text/csv"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def serve():
    """`serve(predictor, ...)`: a client of it."""
    services = []

    def make(predictor, **options):
        services.append(Service(predictor, **{"limits": Limits(), **options}))
        return TestClient(services[-1].app, raise_server_exceptions=False)

    yield make
    for service in services:
        service.close()


@pytest.fixture
def client(serve, served):
    return serve(served())


def test_ping(client):
    answer = client.get("/ping")
    assert (answer.status_code, answer.content) == (200, b"")


def test_the_answer_has_the_requests_format(client):
    csv = client.post("/invocations", content="2,x,red,1.5\n11,x,red,1.5\n", headers=CSV)
    assert (csv.status_code, csv.text) == (200, "small\nlarge\n")
    assert csv.headers["content-type"] == "text/csv; charset=utf-8; header=absent"
    assert client.post("/invocations", json=[ROW]).json() == {"predictions": [{"prediction": "small"}]}
    lines = client.post("/invocations", content=json.dumps(ROW), headers={"Content-Type": "application/jsonlines"})
    assert lines.text == '{"prediction":"small"}\n'


def test_a_header_line_is_answered_by_one(client):
    answer = client.post("/invocations", content="colour,size,weight\nred,2,1.5\n", headers=CSV)
    assert answer.text == "prediction\nsmall\n"


def test_accept_decides(client):
    answer = client.post("/invocations", json=[ROW], headers={"Accept": "application/x-parquet; probabilities=true"})
    table = pd.read_parquet(io.BytesIO(answer.content))
    assert table.columns.tolist() == ["prediction", "probability_large", "probability_small"]
    assert answer.headers["content-type"] == "application/x-parquet"


@pytest.mark.parametrize(
    ("query", "accept", "told"), [("true", "*/*", True), ("false", "*/*;probabilities=true", False)]
)
def test_probabilities_by_query(client, query, accept, told):
    answer = client.post(f"/invocations?probabilities={query}", json=[ROW], headers={"Accept": accept})
    assert ("probabilities" in answer.json()["predictions"][0]) == told


@pytest.mark.parametrize(
    ("content", "headers", "status", "text"),
    [
        ("", JSON, 400, "body: is empty"),
        ("[{}]", JSON, 400, '"size", "colour", "weight"'),
        ('[{"size": "x", "colour": 1, "weight": 1}]', JSON, 400, 'row 1, "size": must be a number'),
        ("a=1", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "Content-Type: must be"),
        ("[]", {**JSON, "Content-Encoding": "gzip"}, 415, "Content-Encoding"),
        ("[]", {**JSON, "Accept": "image/png"}, 406, "Accept: must allow"),
        ("[]", {**JSON, "X-Amzn-SageMaker-Inference-Id": "x" * 65}, 400, "1 to 64 printable characters"),
        ("x" * (6 * 2**20 + 1), JSON, 413, "at most 6291456 bytes"),
    ],
)
def test_refusals_are_json(client, content, headers, status, text):
    answer = client.post("/invocations", content=content, headers=headers)
    assert answer.status_code == status
    assert text in answer.json()["error"]
    assert answer.headers["content-type"] == "application/json"


def test_a_query_that_is_no_truth_value(client):
    assert client.post("/invocations?probabilities=1", json=[ROW]).status_code == 400


def test_other_paths_and_methods(client):
    assert client.get("/").status_code == 404
    answer = client.get("/invocations")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert "POST /invocations" in answer.json()["error"]


def test_execution_parameters_keep_to_what_a_job_may_ask_for(client):
    found = client.get("/execution-parameters").json()
    assert found.keys() == {"MaxConcurrentTransforms", "BatchStrategy", "MaxPayloadInMB"}
    assert found["BatchStrategy"] == "MULTI_RECORD"
    assert 1 <= found["MaxConcurrentTransforms"] * found["MaxPayloadInMB"] <= 100


def test_the_examples_of_the_description_are_answered(client):
    document = client.get("/openapi.json").json()
    content = document["paths"]["/invocations"]["post"]["requestBody"]["content"]
    examples = {kind: each["example"] for kind, each in content.items() if "example" in each}
    assert len(examples) == 2
    for kind, example in examples.items():
        body = example if isinstance(example, str) else json.dumps(example)
        assert client.post("/invocations", content=body, headers={"Content-Type": kind}).status_code == 200


def test_only_its_own_names(serve, served):
    client = serve(served(), hosts=["127.0.0.1"])
    assert client.get("/ping", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/ping", headers={"Host": "127.0.0.1:8080"}).status_code == 200


def test_what_is_answered_is_captured_and_what_is_refused_is_not(serve, served, tmp_path):
    client = serve(served(), capture=DataCapture(tmp_path))
    client.post("/invocations", content="2,x,red,1.5", headers={**CSV, "X-Amzn-SageMaker-Inference-Id": "mine"})
    client.post("/invocations", content="2,x", headers=CSV)
    (file,) = tmp_path.rglob("*.jsonl")
    (event,) = map(json.loads, file.read_text().splitlines())
    assert event["captureData"]["endpointInput"]["data"] == "2,x,red,1.5"
    assert event["captureData"]["endpointOutput"]["data"] == "small\n"
    assert event["eventMetadata"]["inferenceId"] == "mine"


def test_a_defect_is_a_500_without_a_word(serve, served, caplog):
    class Broken:
        manifest, example, row_schema = served().manifest, served().example, {}
        classes, names = None, ["prediction"]

        def read(self, *_):
            raise RuntimeError("a secret of ours")

    with caplog.at_level(logging.ERROR):
        answer = serve(Broken()).post("/invocations", json=[ROW])
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "a secret of ours" in caplog.text


def test_ping_does_not_wait_for_predictions(serve, served):
    entered, go_on = threading.Semaphore(0), threading.Event()

    class Slow:
        manifest, example, row_schema = served().manifest, served().example, {}
        classes, names = None, ["prediction"]

        def read(self, *_):
            entered.release()
            go_on.wait(30)
            raise RefusedError.of(400, "late")

    with serve(Slow()) as client, ThreadPoolExecutor(8) as callers:
        answers = [callers.submit(client.post, "/invocations", json=[ROW]) for _ in range(8)]
        assert entered.acquire(timeout=30)
        assert client.get("/ping").status_code == 200
        go_on.set()
        assert [answer.result(30).status_code for answer in answers] == [400] * 8


def test_a_service_that_ends_says_so(serve, served):
    service = Service(served(), limits=Limits())
    client = TestClient(service.app, raise_server_exceptions=False)
    service._stopping = True
    assert client.post("/invocations", json=[ROW]).status_code == 503
    service.close()


class TestBody:
    def read(self, parts, limit=10, headers=(), seconds=30.0):
        async def receive():
            return parts.pop(0) if parts else await asyncio.Event().wait()

        scope = {"type": "http", "method": "POST", "headers": list(headers)}
        return asyncio.run(read_body(Request(scope, receive), limit, seconds))

    def part(self, body, more=True):
        return {"type": "http.request", "body": body, "more_body": more}

    def test_parts(self):
        assert self.read([self.part(b"12345"), self.part(b"67890", more=False)]) == b"1234567890"

    def test_more_than_was_declared(self):
        with pytest.raises(RefusedError) as caught:
            self.read([self.part(b"12345"), self.part(b"678901")], headers=[(b"content-length", b"1")])
        assert caught.value.status == 413

    @pytest.mark.parametrize("length", [b"11", b"9" * 5000])
    def test_what_is_declared_too_large_is_not_read(self, length):
        with pytest.raises(RefusedError) as caught:
            self.read([], headers=[(b"content-length", length)])
        assert caught.value.status == 413

    def test_a_body_that_does_not_come(self):
        with pytest.raises(RefusedError, match="did not come within") as caught:
            self.read([self.part(b"1")], seconds=0.01)
        assert caught.value.status == 408

    def test_a_sender_who_leaves(self):
        with pytest.raises(RefusedError, match="ended before it was whole") as caught:
            self.read([self.part(b"1"), {"type": "http.disconnect"}])
        assert caught.value.status == 400
