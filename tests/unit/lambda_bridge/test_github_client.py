"""How the client is set up; what it does is tested over HTTP in tests/conformance."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from github import Auth, GithubException, RateLimitExceededException

from algorithms.errors import PlatformError
from lambda_bridge.github_client import REPEATABLE, connect, connect_threads, message_of, refusals
from lambda_bridge.ports import RateLimitError

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


class TestThreads:
    """PyGithub's connection keeps a request between two calls."""

    def test_each_has_a_connection_of_its_own(self):
        shared = connect_threads(AUTH, "http://127.0.0.1:1/api/v3", "local/models")
        with ThreadPoolExecutor(4) as pool:
            barrier = Barrier(4)
            found = {id(requester) for requester in pool.map(lambda _: (barrier.wait(), shared.requester)[1], range(4))}
        assert len(found) == 4

    def test_it_stays_the_same_in_one_thread(self):
        shared = connect_threads(AUTH, "http://127.0.0.1:1/api/v3", "local/models")
        assert shared.requester is shared.requester
        assert shared.url == "/repos/local/models"


class TestPauses:
    """How long GitHub wants to be left alone ("Rate limits for the REST API")."""

    @pytest.mark.parametrize(
        ("status", "headers", "seconds"),
        [
            (403, {"Retry-After": "17"}, 17),
            (429, {"retry-after": "90"}, 90),
            (429, {}, 60),
            (403, {"retry-after": "soon"}, 60),
            (403, {"retry-after": "nan"}, 60),
            (403, {"retry-after": "-5"}, 1),
            (403, {"retry-after": "1e9"}, 3600),
            (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0"}, 1),
            (403, {"x-ratelimit-remaining": "0"}, 60),
        ],
    )
    def test_a_limit(self, status, headers, seconds):
        with pytest.raises(RateLimitError) as caught, refusals():
            raise GithubException(status, {"message": "slow down"}, headers)
        assert caught.value.seconds == seconds

    def test_a_secondary_limit_without_a_time(self):
        with pytest.raises(RateLimitError) as caught, refusals():
            raise RateLimitExceededException(403, {"message": "You have exceeded a secondary rate limit"}, {})
        assert caught.value.seconds == 60

    @pytest.mark.parametrize("headers", [{}, {"x-ratelimit-remaining": "12"}, None])
    def test_what_is_forbidden_is_no_limit(self, headers):
        with pytest.raises(PlatformError) as caught, refusals():
            raise GithubException(403, {"message": "Resource not accessible"}, headers)
        assert not isinstance(caught.value, RateLimitError)
