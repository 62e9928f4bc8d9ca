"""Zips from strangers: nothing in them runs, and only a saved policy's weights are read."""

from __future__ import annotations

import base64
import io
import json
import pickle
import warnings
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest
import torch

from algorithms import policy_file
from algorithms.errors import DatasetError
from algorithms.policy_file import read_policy


class Touch:
    """Creates a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def torch_file(content):
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def write(path, members, compression=ZIP_STORED):
    with warnings.catch_warnings(), ZipFile(path, "w", compression) as archive:
        warnings.simplefilter("ignore")  # repeated names
        for name, content in members:
            archive.writestr(name, content)
    return path


def recompressed(content):
    with ZipFile(io.BytesIO(content)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    buffer = io.BytesIO()
    write(buffer, members, ZIP_DEFLATED)
    return buffer.getvalue()


WEIGHTS = torch_file({"layer.weight": torch.ones(2, 3)})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "policy.zip"


def test_weights_are_read(path):
    found = read_policy(write(path, [("data", "{}"), ("policy.pth", WEIGHTS)]))
    assert {name: weight.tolist() for name, weight in found.items()} == {"layer.weight": [[1.0] * 3] * 2}


def test_pickle_in_data_never_runs(path, tmp_path):
    payload = base64.b64encode(pickle.dumps(Touch(tmp_path / "ran"))).decode()
    data = json.dumps({"policy_class": {":type:": "x", ":serialized:": payload}})
    write(
        path, [("data", data), ("pytorch_variables.pth", torch_file(Touch(tmp_path / "ran"))), ("policy.pth", WEIGHTS)]
    )
    assert set(read_policy(path)) == {"layer.weight"}
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "wrap", [lambda touch: touch, lambda touch: {"layer.weight": touch}], ids=["bare", "as_weight"]
)
def test_pickle_in_the_weights_never_runs(path, tmp_path, wrap):
    write(path, [("policy.pth", torch_file(wrap(Touch(tmp_path / "ran"))))])
    with pytest.raises(DatasetError, match=r"^model: policy\.pth holds more than weights"):
        read_policy(path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("data", "{}")], "other members"),
        ([("policy.pth", WEIGHTS), ("../policy.pth", WEIGHTS)], "other members"),
        ([("policy.pth", WEIGHTS), ("/etc/passwd", "x")], "other members"),
        ([("policy.pth", WEIGHTS), ("policy.pth", WEIGHTS)], "repeated members"),
        ([(f"{i}", "x") for i in range(1001)], "too many"),
        ([("policy.pth", "no zip")], "no readable zip"),
        ([("policy.pth", recompressed(WEIGHTS))], "compressed members"),
        ([("policy.pth", torch_file([torch.ones(1)]))], "something else"),
        ([("policy.pth", torch_file({"layer": "text"}))], "something else"),
        ([("policy.pth", torch_file({1: torch.ones(1)}))], "something else"),
    ],
    ids=["none", "parent", "absolute", "twice", "many", "no_zip", "packed", "list", "text", "number_as_name"],
)
def test_other_content_is_refused(path, members, message):
    with pytest.raises(DatasetError, match=f"^model: .*{message}.* Train again"):
        read_policy(write(path, members))


def test_missing_file_is_refused(path):
    with pytest.raises(DatasetError, match=r"^model: policy\.zip is missing"):
        read_policy(path)


def test_zip_bomb_is_refused(path):
    write(path, [("policy.pth", b"\0" * 10**7)], ZIP_DEFLATED)
    assert path.stat().st_size < 10**5
    with pytest.raises(DatasetError, match="compressed members"):
        read_policy(path)


def test_large_file_is_refused(path, monkeypatch):
    write(path, [("policy.pth", WEIGHTS)])
    monkeypatch.setattr(policy_file, "MAX_BYTES", path.stat().st_size - 1)
    with pytest.raises(DatasetError, match=r"policy\.zip is larger than"):
        read_policy(path)


def test_members_that_claim_to_be_large_are_refused(path, monkeypatch):
    content = write(path, [("policy.pth", WEIGHTS)]).read_bytes()
    size = len(WEIGHTS).to_bytes(4, "little")
    path.write_bytes(content.replace(size + size, size + (2**31).to_bytes(4, "little")))
    with pytest.raises(DatasetError, match=r"^model: "):
        read_policy(path)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.999])
def test_file_that_was_cut_off_is_refused(path, share):
    content = write(path, [("policy.pth", WEIGHTS)]).read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(DatasetError, match="no readable zip"):
        read_policy(path)


def test_flipped_bytes_never_raise_anything_else(path):
    content = write(path, [("data", "{}"), ("policy.pth", WEIGHTS)]).read_bytes()
    for place in range(0, len(content), 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        try:
            read_policy(path)
        except DatasetError as error:
            assert str(error).startswith("model: ")  # noqa: PT017 (most flips are refused, some hit padding)
