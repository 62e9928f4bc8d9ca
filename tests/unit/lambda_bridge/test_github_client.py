"""How the client is set up; what it does is tested over HTTP in tests/conformance."""

from __future__ import annotations

import pytest
from github import Auth, GithubException

from algorithms.errors import PlatformError
from lambda_bridge.github_client import REPEATABLE, connect, message_of, refusals

AUTH = Auth.Token("token")


def requester(base_url):
    return connect(AUTH, base_url, "local/models").requester


def test_pauses_between_requests_are_for_github_alone():
    """ "Best practices for using the REST API": one second between requests that write."""
    ours, github = requester("http://127.0.0.1:1/api/v3"), requester("https://api.github.com")
    assert (ours._Requester__seconds_between_requests, ours._Requester__seconds_between_writes) == (0, 0)
    assert (github._Requester__seconds_between_requests, github._Requester__seconds_between_writes) == (0.25, 1)


def test_an_address_that_only_looks_like_ours_is_paused_for():
    found = requester("https://127.0.0.1.example.org/api/v3")
    assert found._Requester__seconds_between_writes == 1


def test_what_makes_something_new_is_never_repeated_blindly():
    retry = requester("https://api.github.com")._Requester__retry
    assert set(retry.allowed_methods) == set(REPEATABLE)
    assert "POST" not in REPEATABLE
    assert "PATCH" not in REPEATABLE


@pytest.mark.parametrize("data", [{"message": "m" * 1000}, "m" * 1000])
def test_a_long_message_is_cut(data):
    assert message_of(GithubException(500, data, {})) == "m" * 300


@pytest.mark.parametrize("data", [None, "<html>", {}, {"message": None}, ["x"]])
def test_an_answer_of_any_shape_is_a_platform_error(data):
    with pytest.raises(PlatformError, match="GitHub answered 502"), refusals():
        raise GithubException(502, data, {})


def test_other_errors_pass():
    with pytest.raises(ZeroDivisionError), refusals():
        raise ZeroDivisionError
