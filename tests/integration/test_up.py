"""`mlops up` as people start and end it: options, settings, signals, kills. What it does is told in `service/`."""

from __future__ import annotations

import hmac
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from github import Auth

from lambda_bridge.github_client import connect
from local.cli import main
from local.workspace import Workspace
from tests.integration.service.other_github import REPOSITORY, OtherGitHub
from tests.integration.service.other_shapes import Account
from tests.integration.service.process import Service, Switches
from tests.integration.service.world import GOOD, PEOPLE, SLOW, TRAIN, World, until

SECRET = "the webhook's secret"
MACHINE = Account("models-bot", "write", "token-of-the-machine")
CLEAN = {"GITHUB_TOKEN": None, "GITHUB_API_URL": None, "GITHUB_WEBHOOK_SECRET": None, "MLOPS_HISTORY_BRANCH": None}
STOPPING_SECONDS = 30


class Up:
    """The process of the command line. `lines`: what it told until it was ready."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "local.cli", "up", "--workspace", str(folder / "workspace"), "--port", "0"]
        self._errors = folder / "stderr"
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, stderr=errors, text=True)
        self.lines: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith("Ctrl-C"):
                break

    @property
    def url(self) -> str:
        found = re.match(r"mlops \S+ \(\w+\): (http://[^,]+), ", self.lines[0])
        assert found, self.lines
        return found.group(1)

    def health(self) -> requests.Response:
        return requests.get(f"{self.url}/healthz", timeout=10)

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """The exit code after a signal, and standard error."""
        self.process.send_signal(number)
        return self.process.wait(STOPPING_SECONDS), self._errors.read_text()


@pytest.fixture
def up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Up]]:
    for name in CLEAN:
        monkeypatch.delenv(name, raising=False)
    started: list[Up] = []

    def start(*arguments: str) -> Up:
        started.append(Up(tmp_path, *arguments))
        return started[-1]

    yield start
    for found in started:
        found.process.kill()
        found.process.communicate()


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """`refused(arguments, VARIABLE=...)`: the exit code, and standard error; nothing may be served."""

    def run(*arguments: str, **environment: str) -> tuple[int, str]:
        command = ["up", "--workspace", str(tmp_path / "workspace"), *arguments]
        answer = CliRunner().invoke(main, command, env={**CLEAN, **environment})
        assert answer.stdout == ""
        return answer.exit_code, answer.stderr

    return run


class TestRefused:
    """Each in lines that say what to do, and before anything is made."""

    def test_every_bad_option_at_once_and_no_token_with_it(self, refused, tmp_path):
        users = ("a:boss:secret-of-a", "b", "c d:write:secret-of-c", "e:write:secret of e", "f:write:")
        given = [argument for user in users for argument in ("--user", user)]
        code, told = refused(*given, "--github", "nothing", "--host", "::1:2:3")
        assert code == 2
        assert all(name in told for name in ("'a'", "'b'", "'c d'", "e: the token", "'f'", "--github", "together"))
        assert "secret" not in told
        assert not (tmp_path / "workspace").exists()

    @pytest.mark.parametrize(
        ("users", "what"),
        [
            (("a:write:one-token", "b:write:one-token"), "the same token"),
            (("a:write:one-token", "A:read:other-token"), "given twice"),
        ],
    )
    def test_users_who_cannot_be_told_apart(self, refused, users, what):
        code, told = refused(*[argument for user in users for argument in ("--user", user)])
        assert (code, len(told.splitlines())) == (2, 1)
        assert what in told
        assert "token-" not in told.replace("the same token", "")

    @pytest.mark.parametrize("host", ["", "::1"])
    def test_a_host_that_the_bridge_cannot_reach_itself_at(self, refused, host):
        code, told = refused("--host", host)
        assert (code, told) == (2, f"--host: must be a name or an IPv4 address, got {host!r}.\n")

    def test_every_bad_setting_at_once(self, refused, tmp_path):
        code, told = refused(
            "--github",
            REPOSITORY,
            GITHUB_WEBHOOK_SECRET="",
            GITHUB_API_URL="http://github.example",
            MLOPS_HISTORY_BRANCH="no branch..",
            MLOPS_WAIT_DAYS="99",
        )
        assert code == 1
        names = ["MLOPS_WAIT_DAYS", "MLOPS_HISTORY_BRANCH", "GITHUB_WEBHOOK_SECRET", "GITHUB_TOKEN", "GITHUB_API_URL"]
        assert [line.partition(":")[0] for line in told.splitlines()] == names
        assert not (tmp_path / "workspace").exists()

    def test_an_empty_secret(self, refused):
        code, told = refused(GITHUB_WEBHOOK_SECRET=" ")
        assert (code, told.partition(":")[0]) == (1, "GITHUB_WEBHOOK_SECRET")

    def test_a_port_that_is_taken(self, refused):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            code, told = refused("--port", str(port))
        assert (code, len(told.splitlines())) == (1, 1)
        assert f"127.0.0.1:{port}" in told

    @pytest.mark.parametrize("host", ["no.such.host.invalid", "a" * 80 + ".example"])
    def test_a_host_that_is_not_here(self, refused, host):
        code, told = refused("--host", host)
        assert (code, len(told.splitlines())) == (1, 1)

    def test_a_workspace_that_is_in_use(self, refused, tmp_path):
        with Workspace(tmp_path / "workspace", "mlops run"):
            code, told = refused("--port", "0")
        assert (code, len(told.splitlines())) == (1, 1)
        assert "is held by mlops run (process" in told

    def test_a_workspace_that_is_none(self, refused, tmp_path):
        (tmp_path / "workspace").write_text("a file")
        code, told = refused("--port", "0")
        assert (code, told) == (
            1,
            f"{tmp_path / 'workspace'}: cannot be a workspace, got: File exists. Give another --workspace.\n",
        )

    def test_a_database_that_is_none(self, refused, tmp_path):
        (tmp_path / "workspace").mkdir()
        (tmp_path / "workspace/mlops.db").write_text("something else" * 1000)
        code, told = refused("--port", "0")
        assert (code, len(told.splitlines())) == (1, 1)
        assert "not a database" in told


@pytest.fixture
def github() -> Iterator[OtherGitHub]:
    made = OtherGitHub([*PEOPLE, MACHINE], SECRET)
    yield made
    made.hook.close()
    made.close()


class TestGitHub:
    """The real repository, at the start."""

    @pytest.mark.parametrize(
        ("repository", "token", "status"), [(REPOSITORY, "a-wrong-token", 401), ("acme/none", MACHINE.token, 404)]
    )
    def test_one_that_lets_nobody_in(self, refused, github, repository, token, status):
        code, told = refused("--port", "0", "--github", repository, GITHUB_API_URL=github.url, GITHUB_TOKEN=token)
        assert (code, len(told.splitlines())) == (1, 1)
        assert f"{repository}: GitHub answered {status}" in told
        assert token not in told

    def test_one_that_cannot_be_reached_is_asked_again(self, up, monkeypatch):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("GITHUB_TOKEN", MACHINE.token)
        service = up("--github", REPOSITORY)
        until(lambda: service.health().status_code == 503, "trouble that /healthz tells of")
        assert service.health().json()["failing"].keys() == {"sweep"}
        code, errors = service.end(signal.SIGTERM)
        assert code == 0
        assert "GitHub could not be reached" in errors
        assert "Traceback" not in errors
        assert MACHINE.token not in errors

    def test_without_a_secret_it_polls_and_takes_no_webhook(self, tmp_path, github):
        environment = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": MACHINE.token}
        service = Service(tmp_path, [], REPOSITORY, environment, Switches(sweep_seconds=0.2))
        world = World(service, github.url, REPOSITORY, MACHINE.login, github)
        try:
            github.hook.mode = "lost"
            world.open(GOOD).has("mlops:registered", run=1)
            answer = requests.post(f"{service.url}/webhook", data=b"{}", headers=signed(b"{}", ""), timeout=10)
            assert answer.status_code == 503
            assert requests.get(f"{service.url}/api/v3/user", timeout=10).status_code == 404
            assert "/api/v3" not in requests.get(service.url, timeout=10).text
        finally:
            service.stop()


def signed(body: bytes, secret: str) -> dict[str, str]:
    found = hmac.new(secret.encode(), body, "sha256").hexdigest()
    return {"Content-Type": "application/json", "X-GitHub-Event": "issues", "X-Hub-Signature-256": f"sha256={found}"}


class TestServes:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_from_the_start_to_a_signal(self, up, tmp_path, number):
        service = up()
        token = next(line for line in service.lines if line.startswith("Token of owner: ")).rpartition(" ")[2]
        until(lambda: service.health().json()["swept"], "the first sweep")
        health = service.health()
        assert (health.status_code, health.json()["status"]) == (200, "ok")
        assert "<h1>Issues</h1>" in requests.get(service.url, timeout=10).text
        owner = connect(Auth.Token(token), f"{service.url}/api/v3", "local/models")
        assert owner.get_issues().totalCount == 0
        code, errors = service.end(number)
        assert (code, errors.replace("\n", "")) == (0, "")
        assert (tmp_path / "workspace/logs/bridge.log").exists()
        with Workspace(tmp_path / "workspace"):
            """It was let go."""

    def test_given_tokens_are_never_told_nor_stored(self, up, tmp_path):
        token = "a-token-that-was-given"
        service = up("--user", f"wren:write:{token}", "--user", "owner:admin:another-given-token")
        wren = connect(Auth.Token(token), f"{service.url}/api/v3", "local/models")
        wren.create_issue("A request", body=GOOD, labels=["bug"])
        code, errors = service.end(signal.SIGTERM)
        assert code == 0
        files = [path for path in (tmp_path / "workspace").rglob("*") if path.is_file()]
        texts = [errors.encode(), "\n".join(service.lines).encode(), *(path.read_bytes() for path in files)]
        assert not [text for text in texts if b"given" in text]

    def test_a_page_in_a_browser_cannot_reach_it_by_another_name(self, up):
        service = up("--host", "127.0.0.2")
        assert service.url.startswith("http://127.0.0.2:")
        assert service.health().status_code == 200
        assert requests.get(service.url, headers={"Host": "evil.example"}, timeout=10).status_code == 400


class Killable(Service):
    def kill(self) -> None:
        """As kill -9."""
        self._process.kill()
        self._process.communicate()


def trained(folder: Path) -> int:
    """How often a training began."""
    return sum(log.read_text().count("progress: 1/2") for log in (folder / "workspace/logs").rglob("*rain.log"))


class TestGoesOn:
    def test_a_run_goes_on_after_a_stop_in_the_middle_of_a_step(self, tmp_path):
        users = [f"{account.login}:{account.role}:{account.token}" for account in PEOPLE]
        service = Service(tmp_path, users, None, {}, Switches())
        world = World(service, f"{service.url}/api/v3", "local/models", "mlops-bot")
        try:
            story = world.open(SLOW).has("mlops:running")
            until(lambda: trained(tmp_path) == 1, "the training")
            service.restart(Switches())
            assert story.labels() == {TRAIN, "mlops:running"}
            until(lambda: trained(tmp_path) == 2, "the training again")
            story.say("/cancel")
            story.has("mlops:failed", run=1)
            assert story.executions() == ["attempt-1"]
        finally:
            service.stop()

    @pytest.mark.parametrize("secret", ["another secret", None])
    def test_a_delivery_outlives_a_kill_and_the_secret_it_was_signed_with(self, tmp_path, github, secret):
        environment = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": MACHINE.token, "GITHUB_WEBHOOK_SECRET": SECRET}
        service = Killable(tmp_path, [], REPOSITORY, environment, Switches(sweep_seconds=3600))
        github.hook.url = f"{service.url}/webhook"
        world = World(service, github.url, REPOSITORY, MACHINE.login, github)
        github.hinder(MACHINE.login, ".", 503)
        world.open(GOOD)
        github.hook.wait()
        assert [answers for delivery in github.hook.log for answers, _ in delivery.answers] == [202, 202]
        assert service.health()["inbox"] == 2
        service.kill()
        github.obstacles.clear()
        del environment["GITHUB_WEBHOOK_SECRET"]
        again = {} if secret is None else {"GITHUB_WEBHOOK_SECRET": secret}
        service = Service(tmp_path, [], REPOSITORY, environment | again, Switches(sweep_seconds=3600))
        try:
            until(lambda: service.health()["inbox"] == 0, "an empty inbox")
            handled = [line["message"] for line in service.log() if "delivery of issue 1" in line["message"]]
            assert sorted(text.partition(":")[0] for text in handled) == [
                "delivery of issue 1, labeled",
                "delivery of issue 1, opened",
            ]
        finally:
            service.stop()
