"""Who may do what, read from a synthesized template: its roles and their policy statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Template = Mapping[str, Any]
Lookup = Callable[[str], str]
"""A reference, such as `AWS::Region` or `Bucket.Arn` -> text."""


@dataclass(frozen=True)
class Statement:
    """A policy statement. `resources` and the values of `conditions` may be CloudFormation's functions."""

    effect: str
    actions: tuple[str, ...]
    resources: tuple[Any, ...]
    conditions: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Role:
    """A role: its logical id, the service that takes it, its statements."""

    name: str
    service: str
    statements: tuple[Statement, ...]


def roles(template: Template) -> dict[str, Role]:
    """Roles by the name that people know: that of the function or else of the service.

    Raises ValueError where a statement is written with NotAction, NotResource or a managed policy, which are not read.
    """
    functions = dict(_functions(template))
    found: dict[str, Role] = {}
    for logical_id, properties in _of_type(template, "AWS::IAM::Role"):
        role = Role(logical_id, _service(properties), tuple(_statements(template, logical_id, properties)))
        name = functions.get(logical_id, role.service.partition(".")[0])
        if name in found:
            raise ValueError(f"{name}: must name one role, got {found[name].name} and {logical_id}.")
        found[name] = role
    return found


def flat(value: Any, lookup: Lookup) -> str:
    """A text of the template, its references looked up, each condition taken as met.

    Raises ValueError for a function that is not read.
    """
    match value:
        case str():
            return value
        case {"Ref": str(name)}:
            return lookup(name)
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return lookup(f"{name}.{attribute}")
        case {"Fn::Join": [str(separator), list(parts)]}:
            return separator.join(flat(part, lookup) for part in parts)
        case {"Fn::If": [str(), given, _]}:
            return flat(given, lookup)
    raise ValueError(f"template: must be a text, Ref, Fn::GetAtt, Fn::Join or Fn::If, got {value!r}.")


def as_list(value: Any) -> list[Any]:
    """IAM lets a list of one be written without brackets."""
    return value if isinstance(value, list) else [value]


def _of_type(template: Template, *kinds: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, resource in template["Resources"].items():
        if resource["Type"] in kinds:
            yield name, resource["Properties"]


def _functions(template: Template) -> Iterator[tuple[str, str]]:
    """Role -> the function of `lambda_bridge.handler` that has it."""
    for _, properties in _of_type(template, "AWS::Lambda::Function"):
        yield properties["Role"]["Fn::GetAtt"][0], properties["Handler"].rpartition(".")[2]


def _service(properties: Mapping[str, Any]) -> str:
    (statement,) = properties["AssumeRolePolicyDocument"]["Statement"]
    return str(statement["Principal"]["Service"])


def _statements(template: Template, role: str, properties: Mapping[str, Any]) -> Iterator[Statement]:
    """Inline ones, and those of policies that are attached to the role."""
    if "ManagedPolicyArns" in properties:
        raise ValueError(f"{role}: must have no managed policies. Write the statements out.")
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    kinds = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
    for _, policy in _of_type(template, *kinds):
        attached = [*policy.get("Roles", []), policy.get("RoleName")]
        documents += [policy["PolicyDocument"]] if {"Ref": role} in attached else []
    for document in documents:
        yield from map(_statement, as_list(document["Statement"]))


def _statement(written: Mapping[str, Any]) -> Statement:
    unread = set(written) - {"Action", "Condition", "Effect", "Resource", "Sid"}
    if unread:
        raise ValueError(f"statement: must have no {', '.join(sorted(unread))}. Name what is allowed instead.")
    actions, resources = (tuple(as_list(written[key])) for key in ("Action", "Resource"))
    return Statement(written["Effect"], actions, resources, written.get("Condition", {}))
