from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local.registry import Registry, RegistryError
from local.store import Store


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(Store(tmp_path / "mlops.db"))


def request(group: str = "toys", **more: Any) -> dict[str, Any]:
    return {"ModelPackageGroupName": group, **more}


class TestRegister:
    def test_versions_count_up_in_each_group(self, registry: Registry) -> None:
        arns = [registry.register(request(group), make_group=True) for group in ("a", "b", "a")]
        assert [arn.rpartition("model-package/")[2] for arn in arns] == ["a/1", "b/1", "a/2"]

    def test_the_same_token_is_the_same_version(self, registry: Registry) -> None:
        arns = {registry.register(request(), "execution/Register", make_group=True) for _ in range(3)}
        assert len(arns) == len(registry.packages()) == 1

    def test_starts_as_pending_unless_said(self, registry: Registry) -> None:
        first = registry.package(registry.register(request(), make_group=True))
        second = registry.package(registry.register(request(ModelApprovalStatus="Approved")))
        assert (first.approval, second.approval) == ("PendingManualApproval", "Approved")

    def test_needs_a_group(self, registry: Registry) -> None:
        with pytest.raises(RegistryError, match="no group 'toys'"):
            registry.register(request())

    @pytest.mark.parametrize("name", ["", "a_b", "-a", "a-", "x" * 64, "a/b", "ä"])
    def test_an_illegal_group_leaves_nothing(self, registry: Registry, name: str) -> None:
        with pytest.raises(RegistryError, match="ModelPackageGroupName"):
            registry.register(request(name), make_group=True)
        assert registry.groups() == []

    def test_an_unknown_approval_leaves_nothing(self, registry: Registry) -> None:
        with pytest.raises(RegistryError, match="must be one of PendingManualApproval, Approved, Rejected, got 'Yes'"):
            registry.register(request(ModelApprovalStatus="Yes"), make_group=True)
        assert registry.groups() == []


class TestFind:
    def test_newest_first_and_by_approval(self, registry: Registry) -> None:
        arns = [registry.register(request(), make_group=True) for _ in range(3)]
        registry.set_approval(arns[0], "Approved", "good")
        registry.set_approval(arns[2], "Rejected", None)
        assert [package.version for package in registry.packages("toys")] == [3, 2, 1]
        assert [package.version for package in registry.packages("toys", "Approved")] == [1]
        assert registry.packages("other") == []
        assert registry.package(arns[0]).approval_description == "good"

    @pytest.mark.parametrize(
        "arn", ["", "toys/1", "arn:aws:sagemaker:us-local-1:000000000000:model-package/toys/9", "arn:aws:s3:::toys/1"]
    )
    def test_unknown_versions(self, registry: Registry, arn: str) -> None:
        registry.register(request(), make_group=True)
        with pytest.raises(KeyError):
            registry.package(arn)
        with pytest.raises(KeyError):
            registry.set_approval(arn, "Approved", None)


def test_a_group_is_made_once(registry: Registry) -> None:
    registry.create_group("toys", "for children")
    with pytest.raises(RegistryError, match="already a group 'toys'"):
        registry.create_group("toys")
    assert registry.group("toys").description == "for children"
    with pytest.raises(KeyError):
        registry.group("other")
