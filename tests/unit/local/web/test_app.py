"""What `mlops up` serves: the pages, who may ask for them, and by which name."""

from __future__ import annotations

import time

import pytest

from lambda_bridge.issue_body import read_body
from lambda_bridge.runs import Run
from local.github.users import OWNER
from local.store import now
from local.web.app import ANY_HOST
from tests.unit.local.web.conftest import SECRET, browse, payload, signed

BODY = "learning_type: supervised\nalgorithm: random_forest\ndataset_id: iris\n"


def run(issue, state):
    fields = {"title": "Iris", "slug": "iris", "author": "owner", "start_key": "1:x", "started": now()}
    return Run(issue=issue, state=state, request=read_body(BODY), **fields)


class TestIndex:
    def test_the_local_repository_has_a_board(self, service, github):
        answer = browse(service, github).get("/")
        assert answer.status_code == 200
        assert "<h1>Issues</h1>" in answer.text
        assert SECRET not in answer.text

    def test_another_one_has_its_own_pages(self, client):
        answer = client.get("/")
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.text.startswith("mlops 1.2, repository local/models\n")
        for path in ("/webhook", "/sagemaker", "/healthz"):
            assert path in answer.text
        assert "/api/v3" not in answer.text
        assert SECRET not in answer.text


class TestHealth:
    def test_all_is_well(self, client, service):
        service.bridge.ports.runs.save(run(1, "running"))
        service.bridge.ports.runs.save(run(2, "running"))
        service.bridge.ports.runs.save(run(3, "waiting"))
        client.post("/webhook", content=payload(), headers=signed(payload()))
        answer = client.get("/healthz")
        assert answer.status_code == 200
        assert answer.json() == {
            "status": "ok",
            "failing": {},
            "version": "1.2",
            "repository": "local/models",
            "runs": {"running": 2, "waiting": 1},
            "queue": 0,
            "inbox": 1,
            "swept": None,
        }

    def test_work_that_fails_is_told(self, client, service):
        """There is no repository here, so the sweep cannot ask for its list."""
        assert client.get("/healthz").status_code == 200
        service.start()
        until = time.monotonic() + 30
        while client.get("/healthz").status_code == 200 and time.monotonic() < until:
            pass
        answer = client.get("/healthz")
        assert answer.status_code == 503
        assert answer.json()["status"] == "degraded"
        assert set(answer.json()["failing"]) == {"sweep"}


class TestHosts:
    """A page in a browser can be given a name that points to 127.0.0.1 (DNS rebinding)."""

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "localhost:8080", "localhost"])
    def test_names_of_this_machine(self, client, host):
        assert client.get("/", headers={"host": host}).status_code == 200

    @pytest.mark.parametrize("host", ["example.org", "127.0.0.1.example.org", "localhost.example.org:8080", ""])
    @pytest.mark.parametrize("path", ["/", "/healthz", "/api/v3/user", "/sagemaker/"])
    def test_other_names_get_nothing(self, service, github, host, path):
        assert browse(service, github).get(path, headers={"host": host}).status_code == 400

    @pytest.mark.parametrize("listening", ["127.0.0.2", "::1", "localhost"])
    def test_any_address_of_loopback_is_guarded(self, service, listening):
        client = browse(service, host=listening)
        assert client.get("/", headers={"host": "example.org"}).status_code == 400
        assert client.get("/", headers={"host": "localhost"}).status_code == 200

    @pytest.mark.parametrize("listening", [*ANY_HOST, "192.0.2.1"])
    def test_where_others_may_come_in_they_come_by_any_name(self, service, listening):
        client = browse(service, host=listening)
        assert client.get("/", headers={"host": "mlops.example.org"}).status_code == 200


class TestRepository:
    def test_the_local_one_is_there(self, service, github):
        headers = {"authorization": f"Bearer {github.token_of(OWNER)}"}
        client = browse(service, github)
        assert client.get("/api/v3/user", headers=headers).json()["login"] == OWNER
        assert client.get("/api/v3/user").status_code == 401
        assert client.get("/api/v3/repos/local/models", headers=headers).json()["full_name"] == "local/models"

    def test_a_real_one_is_not(self, client):
        assert client.get("/api/v3/user").status_code == 404


@pytest.mark.parametrize("path", ["/x", "/docs", "/..%2f", "/webhook/", "/healthz/x"])
def test_other_addresses_are_not_there(client, path):
    assert client.get(path, follow_redirects=False).status_code in (307, 404)


def test_nothing_is_changed_by_a_get(client):
    for path in ("/webhook", "/sagemaker/"):
        assert client.get(path).status_code == 405


def test_no_page_elsewhere_may_read_an_answer(client):
    answer = client.get("/healthz", headers={"origin": "https://example.org"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
