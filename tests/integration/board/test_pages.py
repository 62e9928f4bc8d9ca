"""The board over HTTP: what people find, what they may do, and what is refused."""

from __future__ import annotations

import json
import threading
from html import unescape

import pytest
import requests

from tests.integration.board.conftest import GOOD, TITLE, Visitor
from tests.integration.service.process import Service, Switches
from tests.integration.service.world import until

PAGES = ("/", "/new", "/models", "/runs", "/data", "/sign-in", "/runs?algorithm=random_forest", "/?state=waiting")


def registered(visitor: Visitor, number: int) -> str:
    def found() -> str | None:
        page = visitor.get(f"/issues/{number}").text
        return page if "mlops:registered" in page else None

    return until(found, "a registered model")


def answered(visitor: Visitor, number: int, text: str) -> str:
    return until(lambda: text in (page := visitor.get(f"/issues/{number}").text) and page, text)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_keeps_others_out(owner, path):
    answer = owner.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_from_the_form_to_a_model_that_is_approved_and_gone_back_to(owner):
    first = owner.open(dataset_id="wine")
    assert "Register the model" in registered(owner, first)
    second = owner.open(dataset_id="wine", hyperparameters="n_estimators: 96")
    assert "accuracy" in registered(owner, second)
    group = owner.get("/models").text.partition('href="/models/')[2].partition('"')[0]
    assert "wine" in group
    for number in (first, second):
        owner.post(f"/issues/{number}", {"body": "/approve\n\nLooks good."}, f"/issues/{number}")
        answered(owner, number, "Looks good.")
        answered(owner, number, "Approved version")
    owner.post(f"/issues/{second}", {"body": "/rollback 1"}, f"/issues/{second}")
    answered(owner, second, "Rolled back to version 1")
    page = owner.get(f"/models/{group}?one=1&other=2").text
    assert "What was live when" in page
    assert page.index("rollback: version 2 rejected") < page.index("approve: version 2 approved")
    assert '<th scope="row">n_estimators</th><td class="number">95</td><td class="number">96</td>' in page
    runs = owner.get("/runs?algorithm=random_forest&source=wine").text
    assert runs.count("n_estimators=9") == 2
    assert "n_estimators against accuracy" in runs


def test_a_log_is_shown(owner):
    number = owner.open()
    registered(owner, number)
    page = owner.get(f"/issues/{number}/attempts/1/steps/Train").text
    assert "progress: 1/2 round" in page


def test_a_form_with_problems_keeps_what_was_written(owner):
    given = {**GOOD, "hyperparameters": "n_estimators: 0\nmax_depht: 1", "seed": "no", "title": "<b>T</b>"}
    answer = owner.post("/new", given, "/new")
    page = unescape(answer.text)
    assert answer.status_code == 200
    for text in ("got 0", "Did you mean <code>max_depth</code>?", "max_depht: 1", "seed"):
        assert text in page
    assert "<b>T</b>" not in answer.text
    assert "&lt;b&gt;T&lt;/b&gt;" in answer.text


@pytest.mark.parametrize("text", ["", "  \n", "x" * 70_000])
def test_a_comment_that_cannot_be_posted(owner, text):
    number = owner.open()
    answer = owner.post(f"/issues/{number}", {"body": text}, f"/issues/{number}")
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text


class TestDatasets:
    ROWS = "a,b\n" + "".join(f"{number},{number % 2}\n" for number in range(20))

    def send(self, owner, name, files):
        return owner.post("/data", {"dataset_id": name}, "/data", files=[("files", each) for each in files])

    def test_one_is_uploaded_and_trained_on(self, owner):
        assert self.send(owner, "mine", [("train.csv", self.ROWS)]).status_code == 303
        assert "<code>mine</code>" in owner.get("/data").text
        registered(owner, owner.open(dataset_id="mine"))

    @pytest.mark.parametrize(
        ("name", "files", "told"),
        [
            ("Bad Name", [("train.csv", ROWS)], "dataset_id"),
            ("../up", [("train.csv", ROWS)], "dataset_id"),
            ("mine2", [("rows.csv", ROWS)], "rows.csv: is none of"),
            ("mine2", [("../train.csv", ROWS), ("/etc/passwd", ROWS)], "is none of"),
            ("mine2", [("test.csv", ROWS)], "holds no train.csv"),
            ("mine2", [], "holds no train.csv"),
        ],
    )
    def test_what_is_no_dataset(self, owner, name, files, told):
        answer = self.send(owner, name, files)
        assert answer.status_code == 200
        assert told in answer.text
        assert "mine2" not in owner.get("/data").text.partition("<form")[0]


class TestForgery:
    @pytest.mark.parametrize("secret", ["", "0" * 64, "ü", "a" * 10_000])
    def test_a_form_without_the_secret(self, owner, mine, secret):
        before = owner.get("/").text
        given = {**GOOD, "title": "Forged", "form_secret": secret}
        answer = owner.session.post(f"{mine.url}/new", given, timeout=20)
        assert answer.status_code == 403
        assert "Forged" not in owner.get("/").text
        assert before.count("<tr>") == owner.get("/").text.count("<tr>")

    def test_the_secret_of_somebody_else(self, owner, mine):
        other = Visitor(mine.url).get("/new").text.partition('name="form_secret" value="')[2].partition('"')[0]
        owner.get("/new")
        given = {**GOOD, "title": "Forged", "form_secret": other}
        assert owner.session.post(f"{mine.url}/new", given, timeout=20).status_code == 403

    @pytest.mark.parametrize(
        "headers", [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}]
    )
    def test_a_form_on_another_site(self, owner, headers):
        answer = owner.post("/new", {**GOOD, "title": "Forged"}, "/new", headers=headers)
        assert answer.status_code == 403
        assert "Forged" not in owner.get("/").text

    def test_another_name_for_this_machine(self, mine):
        assert requests.get(mine.url, headers={"host": "evil.example"}, timeout=20).status_code == 400


class TestOutsiders:
    def test_they_read_issues_and_nothing_else(self, stranger, ours):
        number = Visitor(ours.url).sign_in("wren").open()
        registered(stranger, number)
        assert TITLE in stranger.get("/").text
        assert "Reply</h2>" not in stranger.get(f"/issues/{number}").text
        for path in ("/new", "/models", "/runs", "/data", f"/issues/{number}/attempts/1/steps/Train"):
            assert stranger.get(path).status_code == 403, path

    def test_they_change_nothing(self, stranger, ours):
        number = Visitor(ours.url).sign_in("wren").open()
        registered(stranger, number)
        before = stranger.get(f"/issues/{number}").text
        for path, given in (
            ("/new", GOOD),
            (f"/issues/{number}", {"body": "/approve"}),
            ("/data", {"dataset_id": "x"}),
        ):
            assert stranger.post(path, given).status_code == 403, path
        assert stranger.get(f"/issues/{number}").text == before

    @pytest.mark.parametrize("token", ["", "wrong", "token-of-owne", "ü" * 50, "token-of-robot"])
    def test_no_account_has_that_token(self, stranger, token):
        answer = stranger.post("/sign-in", {"token": token})
        assert "No account has this token" in answer.text
        assert stranger.get("/new").status_code == 403

    def test_who_may_read_opens_issues_that_start_nothing(self, ours):
        rita = Visitor(ours.url).sign_in("rita")
        page = rita.get(f"/issues/{rita.open(title='Of Rita')}").text
        assert "mlops:train" not in page.partition("</p>")[0].partition('class="labels"')[2]
        assert rita.post("/data", {"dataset_id": "x"}, "/new").status_code == 403

    def test_signing_out(self, ours):
        wren = Visitor(ours.url).sign_in("wren")
        assert wren.get("/new").status_code == 200
        wren.post("/sign-out", {})
        assert wren.get("/new").status_code == 403

    def test_a_cookie_that_somebody_made_up(self, ours):
        answer = requests.get(f"{ours.url}/new", cookies={"mlops_board": "a" * 43}, timeout=20)
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        *("/issues/0", "/issues/999999", "/models/none", "/models/..%2f..", "/files/mlops.db", "/files/..%2fmlops.db"),
        *(
            "/files/training_history/..%2f..%2fmlops.db",
            "/issues/1/attempts/1/steps/..%2f..%2fbridge",
            "/static/../app.py",
        ),
        *("/issues/1/attempts/9/steps/Train", "/issues/99999999999999999999", "/nothing"),
    ],
)
def test_what_is_not_there(owner, path):
    assert owner.get(path).status_code == 404, path


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999", "1e9", "٣"])
def test_odd_page_numbers(owner, page):
    assert owner.get("/", params={"page": page}).status_code == 200
    assert owner.get("/runs", params={"page": page}).status_code == 200


@pytest.mark.parametrize("text", ["' OR 1=1 --", "%", '"><script>', "{{ 7*7 }}", "\x00"])
def test_filters_are_data(owner, text):
    answer = owner.get("/runs", params={"algorithm": text, "source": text, "status": text})
    assert answer.status_code == 200
    assert "<script>" not in answer.text.replace('<script src="/static/board.js" defer></script>', "")
    assert "No attempt fits" in answer.text


def test_pages_hear_of_changes_and_the_service_ends_with_them_open(tmp_path):
    service = Service(tmp_path, [], None, {}, Switches())
    heard, ended = threading.Event(), threading.Event()

    def listen() -> None:
        with requests.get(f"{service.url}/events", stream=True, timeout=60) as stream:
            for line in stream.iter_lines():
                if line == b"data: changed":
                    heard.set()
        ended.set()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    until(lambda: heard.is_set() or (Visitor(service.url).open() and heard.wait(2)), "news")
    service.stop()
    assert ended.wait(20)


def test_the_record_of_a_decision_can_be_read(owner, mine):
    number = owner.open(dataset_id="digits")
    registered(owner, number)
    owner.post(f"/issues/{number}", {"body": "/approve"}, f"/issues/{number}")
    page = answered(owner, number, "Recorded in")
    path = page.partition("Recorded in <code>")[2].partition("</code>")[0]
    found = json.loads(owner.get(f"/files/{path}").text)
    assert (found["action"], found["issue"], found["by"]) == ("approve", number, "owner")
