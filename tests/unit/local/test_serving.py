"""A socket that is listened at, and an app on it."""

from __future__ import annotations

import socket
import threading

import pytest
import requests
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from local.serving import PortError, Serving, listen


def app(endpoint):
    return Starlette(routes=[Route("/", endpoint)])


def url(listener):
    return f"http://127.0.0.1:{listener.getsockname()[1]}/"


def test_a_free_port_takes_connections_at_once():
    with listen("127.0.0.1", 0) as listener:
        socket.create_connection(listener.getsockname(), timeout=10).close()


def test_a_port_that_is_taken_is_told_in_one_line():
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(
            PortError, match=rf"127.0.0.1:{port}: cannot be listened at, got: .* Give another"
        ) as caught:
            listen("127.0.0.1", port)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("host", ["203.0.113.1", "::zz"])
def test_an_address_that_is_none_of_ours(host):
    with pytest.raises(PortError, match="cannot be listened at"):
        listen(host, 0)


def test_it_answers_until_it_is_closed():
    listener = listen("127.0.0.1", 0)
    with Serving(app(lambda _: PlainTextResponse("here")), listener):
        answer = requests.get(url(listener), timeout=10)
        where = url(listener)
    assert answer.text == "here"
    assert "server" not in answer.headers
    with pytest.raises(requests.ConnectionError):
        requests.get(where, timeout=10)


def test_closing_again_is_no_harm():
    serving = Serving(app(lambda _: PlainTextResponse("")), listen("127.0.0.1", 0))
    serving.close()
    serving.close()


def test_what_is_under_way_is_answered_before_it_ends():
    entered, go_on, answers = threading.Event(), threading.Event(), []

    def endpoint(_):
        entered.set()
        go_on.wait(30)
        return PlainTextResponse("whole")

    listener = listen("127.0.0.1", 0)
    serving = Serving(app(endpoint), listener)
    caller = threading.Thread(target=lambda: answers.append(requests.get(url(listener), timeout=30).text))
    caller.start()
    assert entered.wait(30)
    closing = threading.Thread(target=serving.close)
    closing.start()
    go_on.set()
    closing.join(30)
    caller.join(30)
    assert answers == ["whole"]


def test_a_defect_of_the_app_is_a_500_without_a_word():
    def endpoint(_):
        raise RuntimeError("a secret of ours")

    listener = listen("127.0.0.1", 0)
    with Serving(app(endpoint), listener):
        answer = requests.get(url(listener), timeout=10)
    assert answer.status_code == 500
    assert "secret" not in answer.text
