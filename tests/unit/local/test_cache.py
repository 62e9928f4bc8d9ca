from __future__ import annotations

from pathlib import Path

import pytest

from local.cache import PACKAGES, PROJECT, cache_key, code_digest
from local.definitions import CacheConfig, Step


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for package in PACKAGES:
        (tmp_path / package / "deep").mkdir(parents=True)
        (tmp_path / package / "deep/module.py").write_text("a = 1\n")
    return tmp_path


def digest(root: Path) -> str:
    """Of the files as they are now, not as they were when this process first asked."""
    return code_digest.__wrapped__(root)


def test_it_is_of_the_code_that_the_steps_run() -> None:
    assert all((PROJECT / package / "__init__.py").is_file() for package in PACKAGES)
    assert digest(PROJECT) == code_digest()


@pytest.mark.parametrize("package", PACKAGES)
def test_changed_bytes_and_names_change_it(root: Path, package: str) -> None:
    module = root / package / "deep/module.py"
    digests = {digest(root)}
    module.write_text("a = 2\n")
    digests.add(digest(root))
    module.rename(module.with_name("other.py"))
    digests.add(digest(root))
    assert len(digests) == 3


def test_what_is_no_module_does_not_count(root: Path) -> None:
    before = digest(root)
    (root / "steps/module.cpython-311.pyc").write_bytes(b"compiled")
    (root / "notes.py").write_text("")
    assert digest(root) == before


@pytest.mark.parametrize("kind", ["Processing", "Training"])
def test_the_tags_of_another_attempt_do_not_count(kind: str) -> None:
    step = Step(Name="Any", Type=kind, Arguments={}, CacheConfig=CacheConfig(Enabled=True))
    first, second = ({"Environment": {"A": "b"}, "Tags": [{"Key": "attempt", "Value": n}]} for n in "12")
    assert cache_key(step, first) == cache_key(step, second)
    assert cache_key(step, first) != cache_key(step, {**first, "Environment": {"A": "c"}})
