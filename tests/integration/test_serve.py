"""A trained model behind HTTP, in processes of their own: as SageMaker starts the container, and by `mlops serve`."""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import signal
import socket
import subprocess
import sys
from argparse import ArgumentParser
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
import requests

from algorithms.base import Table
from algorithms.manifest import load_model
from algorithms.registry import algorithm
from algorithms.schema import Column, TableSchema

WINE = Path(__file__).parents[2] / "seed_code/starter/datasets/wine/train.csv"
PAGE = Path(__file__).parents[2] / "docs/how-to/serve.md"
PATIENCE = 120
FEATURES = ["alcohol", "malic_acid", "ash", "color_intensity"]
"""Few columns, so that a thousand requests take little time; the file's others are sent along where it is sent."""


@pytest.fixture(scope="module")
def rows():
    return pd.read_csv(WINE)


@pytest.fixture(scope="module")
def root(tmp_path_factory, rows):
    """/opt/ml of a container with a model."""
    schema = TableSchema(
        task_type="classification",
        columns=[Column(name=name, type="number") for name in FEATURES],
        target="cultivar",
        classes=sorted(set(rows["cultivar"])),
    )
    root = tmp_path_factory.mktemp("ml")
    algorithm("logistic_regression")().fit(Table(rows[FEATURES], rows["cultivar"], schema)).save(root / "model")
    return root


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextmanager
def running(command, **environment):
    """A process that serves, and its URL."""
    process = subprocess.Popen(
        [sys.executable, *command],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


@contextmanager
def container(root, **environment):
    port = free_port()
    settings = {"MLOPS_ML_ROOT": str(root), "SAGEMAKER_BIND_TO_PORT": str(port), **environment}
    with running(["-m", "steps.serve"], **settings) as (process, line):
        assert line == f"serving logistic_regression on port {port}\n"
        url = f"http://127.0.0.1:{port}"
        with requests.Session() as session:
            session.mount("http://", requests.adapters.HTTPAdapter(max_retries=RETRIES))
            session.get(f"{url}/ping", timeout=PATIENCE).raise_for_status()
        yield process, url


RETRIES = requests.adapters.Retry(20, backoff_factor=0.05)
"""Until the server listens, a moment after it told so."""


def test_the_training_rows_as_they_are(root, rows, tmp_path):
    model = load_model(root / "model")
    with container(root, MLOPS_CAPTURE_DIR=str(tmp_path)) as (process, url):
        answer = requests.post(
            f"{url}/invocations", WINE.read_bytes(), headers={"Content-Type": "text/csv"}, timeout=PATIENCE
        )
        assert answer.text.splitlines() == ["prediction", *model.predict(rows)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)
    (capture,) = tmp_path.rglob("*.jsonl")
    assert json.loads(capture.read_text())["captureData"]["endpointInput"]["data"] == WINE.read_text()


def test_the_commands_of_the_page(root, rows, tmp_path):
    """The first block of docs/how-to/serve.md: one command serves, the others ask."""
    rows[FEATURES].to_csv(tmp_path / "rows.csv", index=False)
    rows[FEATURES].to_json(tmp_path / "rows.json", orient="records")
    block = re.search(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL).group(1)
    serve, *asking = (shlex.split(line) for line in block.splitlines())
    assert serve == ["mlops", "serve", "MODEL-DATA", "--port", "8080"]
    assert [words[0] for words in asking] == ["curl", "curl"]
    with running(["-m", "local.cli", "serve", str(root / "model"), "--port", "0"]) as (_, line):
        answers = [ask(words, line.split()[0], tmp_path) for words in asking]
    expected = load_model(root / "model").predict(rows).tolist()
    assert answers[0].text.splitlines() == ["prediction", *expected]
    found = answers[1].json()["predictions"]
    assert [each["prediction"] for each in found] == expected
    assert all(abs(sum(each["probabilities"].values()) - 1) < 1e-6 for each in found)


def ask(words, url, folder):
    """What `curl -H HEADER --data-binary @FILE ADDRESS` does, at another port."""
    parser = ArgumentParser()
    parser.add_argument("-H", dest="header", required=True)
    parser.add_argument("--data-binary", required=True)
    parser.add_argument("address")
    given = parser.parse_args(words[1:])
    name, _, value = given.header.partition(": ")
    body = (folder / given.data_binary.removeprefix("@")).read_bytes()
    address = given.address.replace("http://127.0.0.1:8080", url)
    return requests.post(address, body, headers={name: value}, timeout=PATIENCE)


def test_batch_transform_gets_a_line_for_each_line(root, rows):
    """As SageMaker cuts a file: pieces of some lines, the header in the first one only."""
    lines = rows[FEATURES].to_csv(index=False).splitlines(keepends=True)
    with container(root, SAGEMAKER_BATCH="true") as (_, url):
        answers = [
            requests.post(
                f"{url}/invocations",
                "".join(lines[start : start + 50]),
                headers={"Content-Type": "text/csv", "Accept": "text/csv; probabilities=true"},
                timeout=PATIENCE,
            )
            for start in range(0, len(lines), 50)
        ]
    assert [len(answer.text.splitlines()) for answer in answers] == [
        len(lines[start : start + 50]) for start in range(0, len(lines), 50)
    ]
    told = "".join(answer.text for answer in answers).splitlines()
    assert told[0] == "prediction,probability_class_0,probability_class_1,probability_class_2"
    assert [line.partition(",")[0] for line in told[1:]] == load_model(root / "model").predict(rows).tolist()


def mixed_requests(rows, n):
    """Bodies with their types, in every format; every tenth is damaged at some byte."""
    chance = random.Random(0)
    features = rows[FEATURES]
    for number in range(n):
        some = features.sample(chance.randint(1, 20), random_state=number)
        kind, body = chance.choice(
            [
                ("text/csv", some.to_csv(index=False).encode()),
                ("text/csv; header=absent", some.to_csv(index=False, header=False).encode()),
                ("application/json", some.to_json(orient="records").encode()),
                ("application/jsonlines", some.to_json(orient="records", lines=True).encode()),
                ("application/x-parquet", some.to_parquet(index=False)),
            ]
        )
        damaged = number % 10 == 0
        if damaged:
            place = chance.randrange(len(body))
            body = body[:place] + chance.randbytes(chance.randint(1, 8)) + body[place + chance.randint(0, 8) :]
        yield kind, body, None if damaged else some.index.tolist()


def test_a_thousand_mixed_requests_some_of_them_damaged(root, rows):
    expected = load_model(root / "model").predict(rows).tolist()

    def ask(request):
        kind, body, numbers = request
        headers = {"Content-Type": kind, "Accept": "application/json"}
        answer = session.post(f"{url}/invocations", body, headers=headers, timeout=PATIENCE)
        if numbers is not None:
            assert [each["prediction"] for each in answer.json()["predictions"]] == [expected[n] for n in numbers]
        return answer.status_code // 100

    with container(root) as (_, url), requests.Session() as session, ThreadPoolExecutor(4) as callers:
        statuses = Counter(callers.map(ask, mixed_requests(rows, 1000)))
    assert statuses.keys() == {2, 4}
    assert statuses[2] >= 900


def test_a_model_that_was_tampered_with_is_not_served(root, tmp_path):
    tampered = tmp_path / "model"
    tampered.mkdir()
    for path in (root / "model").iterdir():
        (tampered / path.name).write_bytes(path.read_bytes())
    with (tampered / "model.skops").open("ab") as file:
        file.write(b"x")
    for command in (["-m", "steps.serve"], ["-m", "local.cli", "serve", str(tampered), "--port", "0"]):
        environment = {**os.environ, "MLOPS_ML_ROOT": str(tmp_path)}
        ended = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == (1 if "steps.serve" in command else 2)
        assert re.fullmatch(r"model: the file 'model.skops' is damaged, .* Train again.\n", ended.stderr)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_mlops_serve(root, rows, number):
    with running(["-m", "local.cli", "serve", str(root / "model"), "--port", "0"]) as (process, line):
        url = re.match(r"(http://127.0.0.1:\d+) serves logistic_regression, classification\.", line).group(1)
        row = rows[FEATURES].iloc[0].to_dict()
        answer = requests.post(f"{url}/invocations?probabilities=true", json=row, timeout=PATIENCE)
        (found,) = answer.json()["predictions"]
        assert found["prediction"] == max(found["probabilities"], key=found["probabilities"].get)
        assert requests.get(f"{url}/ping", headers={"Host": "evil.example"}, timeout=PATIENCE).status_code == 400
        process.send_signal(number)
        assert process.wait(30) == 0
