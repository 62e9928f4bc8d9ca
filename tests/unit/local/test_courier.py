"""The courier sends deliveries over HTTP, as GitHub does."""

from __future__ import annotations

import hmac
import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local.courier import UNREACHABLE, Courier
from local.github import Delivery

BODY = '{"body": "ä\\n"}'.encode()
HEADERS = {
    "Accept": "*/*",
    "Content-Type": "application/json",
    "User-Agent": "GitHub-Hookshot/guid",
    "X-GitHub-Delivery": "guid",
    "X-GitHub-Event": "issues",
    "X-Hub-Signature-256": "sha256=" + hmac.new(b"secret", BODY, sha256).hexdigest(),
}
DELIVERY = Delivery(1, "guid", HEADERS, BODY)


class Receiver(ThreadingHTTPServer):
    """Answers `status` to everything; `seen` is what came: path, headers, body."""

    def __init__(self):
        self.status, self.seen = 202, []
        super().__init__(("127.0.0.1", 0), Page)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Page(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.seen.append((self.path, dict(self.headers), body))
        if self.server.status is None:
            return
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("location", f"{self.server.url}/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_very_bytes_and_headers_arrive(receiver):
    assert Courier(f"{receiver.url}/webhook")(DELIVERY) == 202
    ((path, headers, body),) = receiver.seen
    assert (path, body) == ("/webhook", BODY)
    assert {name: headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize("status", [200, 401, 413, 500, 503])
def test_the_status_is_answered(receiver, status):
    receiver.status = status
    assert Courier(receiver.url)(DELIVERY) == status


def test_nobody_is_sent_elsewhere(receiver):
    receiver.status = 302
    assert Courier(f"{receiver.url}/webhook")(DELIVERY) == 302
    assert [path for path, _, _ in receiver.seen] == ["/webhook"]


def test_a_connection_that_ends_without_an_answer(receiver):
    receiver.status = None
    assert Courier(receiver.url)(DELIVERY) == UNREACHABLE
    assert len(receiver.seen) == 1, "it is not sent again without a pause"


def test_nobody_listens(receiver):
    courier = Courier(receiver.url)
    receiver.server_close()
    assert courier(DELIVERY) == UNREACHABLE >= 500


def test_no_proxy_is_asked(receiver, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert Courier(receiver.url)(DELIVERY) == 202
