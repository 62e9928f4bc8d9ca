"""Whatever goes wrong in `mlops up`: no secret is in its log, in its workspace, or in what GitHub has of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import requests

from tests.integration.service import process
from tests.integration.service.other_github import REPOSITORY, OtherGitHub
from tests.integration.service.other_shapes import Account
from tests.integration.service.process import Service, Switches
from tests.integration.service.world import INVALID, PEOPLE, POOR, TRAIN, Story, World, body, until
from tests.integration.trust import defects
from tests.integration.trust.canaries import PLANTED, canary, everything, finds
from tests.integration.trust.conftest import signed

SECRET, TOKEN = PLANTED["GITHUB_WEBHOOK_SECRET"], canary("user")
MACHINE = Account("models-bot", "write", PLANTED["GITHUB_TOKEN"])
CARLA = Account("carla", "write", TOKEN)
FAILS = body(95, ", max_depth: 998")
TELLING = """
print(dict(os.environ), flush=True)
if given.get("max_depth") == 998:
    (ML / "output").mkdir(exist_ok=True)
    (ML / "output/failure").write_text(f"got {dict(os.environ)}")
    raise SystemExit(f"failed with {dict(os.environ)}")
"""
"""The end of Train: it tells all that it has of the environment."""
ENDS = {"mlops:registered", "mlops:failed"}
MOST_STORIES = 25
LISTED = b'{"PipelineName": "mlops-supervised"}'


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Service]:
    """Starts the service with all defects, which know its secrets, and with steps that tell what they know."""
    quick, folder = tmp_path / "quick", tmp_path / "service"
    shutil.copytree(process.QUICK, quick)
    train = quick / "steps/train.py"
    train.write_text(train.read_text() + TELLING)
    folder.mkdir()
    monkeypatch.setattr(process, "QUICK", quick)

    def made(secrets: Sequence[str], *given) -> Service:
        monkeypatch.setattr(process, "RUNNER", with_defects(process.RUNNER, json.dumps(" ".join(secrets))))
        return Service(folder, *given, Switches(sweep_seconds=0.3))

    return made


def with_defects(program: str, secrets: str) -> str:
    """The program of the service, broken after the pace of its sweep was set."""
    place = "\nfrom local.engine"
    assert place in program
    lines = (
        f"sys.path.insert(0, {str(Path(defects.__file__).parent)!r})",
        f"sys.argv.append({secrets!r})",
        "import defects",
        "defects.plant_as_told()",
    )
    return program.replace(place, "\n".join(["", *lines, place]), 1)


@pytest.fixture(params=["local", "other"])
def world(request: pytest.FixtureRequest, start: Callable[..., Service]) -> Iterator[World]:
    made = _local(start) if request.param == "local" else _other(start)
    yield made
    made.service._process.kill()  # where the test ended early
    if made.other is not None:
        made.other.close()


def _local(start: Callable[..., Service]) -> World:
    users = [f"{account.login}:{account.role}:{account.token}" for account in (*PEOPLE, CARLA)]
    service = start([*PLANTED.values(), TOKEN], users, None, PLANTED)
    return World(service, f"{service.url}/api/v3", "local/models", "mlops-bot")


def _other(start: Callable[..., Service]) -> World:
    github = OtherGitHub([*PEOPLE, MACHINE, CARLA], SECRET)
    service = start(list(PLANTED.values()), [], REPOSITORY, {**PLANTED, "GITHUB_API_URL": github.url})
    github.hook.url = f"{service.url}/webhook"
    return World(service, github.url, REPOSITORY, MACHINE.login, github)


def knock(world: World) -> list[str]:
    """Deliveries and requests that are refused. Returns what was answered."""
    url, right = f"{world.service.url}/webhook", signed(b"{}", secret=SECRET)
    signature = "X-Hub-Signature-256"
    sent = [
        (b"{}", {}),
        (b"{}", {signature: f"sha256={SECRET}"}),
        (b"{ }", right),
        (b"{}", right),
        (b"\xff", signed(b"\xff", secret=SECRET)),
        (b"{}", {**right, "Content-Type": "application/x-www-form-urlencoded"}),
        (b" " * 3_000_000, right),
    ]
    answers = [requests.post(url, content, headers=headers, timeout=30) for content, headers in sent]
    assert {answer.status_code for answer in answers} == {400, 401, 413, 415}
    for path in ("/", "/healthz", "/healthz", "/healthz", "/webhook", "/api/v3/user", "/none"):
        for token in (TOKEN, "wrong"):
            headers = {"Authorization": f"Bearer {token}"}
            answers.append(requests.get(f"{world.service.url}{path}", headers=headers, timeout=30))
    for _ in range(defects.TIMES + 1):
        headers = {"X-Amz-Target": "SageMaker.ListPipelineExecutions", "Content-Type": "application/x-amz-json-1.1"}
        answers.append(requests.post(f"{world.service.url}/sagemaker", LISTED, headers=headers, timeout=30))
    return [f"{answer.text} {answer.headers}" for answer in answers]


def tell(story: Story) -> None:
    """A story to its end, with an answer where it is asked."""
    until(lambda: story.labels() - {TRAIN}, f"#{story.number}: goes on")
    until(lambda: story.labels() & {*ENDS, "mlops:waiting"}, f"#{story.number}: a question or an end")
    if "mlops:waiting" in story.labels():
        story.say("/retrain n_estimators=95")
        story.say("/help", "rita")
        until(lambda: story.labels() & ENDS, f"#{story.number}: an end")


def meet_all_defects(world: World, note: Path) -> None:
    """Stories, until everything has failed once."""
    for _ in range(MOST_STORIES):
        tell(world.open(POOR))
        if note.exists() and set(note.read_text().split()) == defects.names():
            return
    raise AssertionError(f"not met: {defects.names() - set(note.read_text().split())}")


def break_github(world: World) -> None:
    """GitHub lets nobody in, and does not answer."""
    assert world.other is not None
    for status in (401, 403, 500):
        world.other.hinder(world.bot, "/", status)
        until(lambda status=status: logged(world, f"GitHub answered {status}"), f"{status} in the log")
        world.other.obstacles.clear()


def logged(world: World, text: str) -> bool:
    return any(text in str(line) for line in world.service.log())


def at_github(world: World) -> Iterator[tuple[str, bytes]]:
    """All that the other GitHub has."""
    if world.other is None:
        return
    for number, comment in world.other.records.comments.items():
        yield f"comment {number}", comment.body.encode()
    for sha, content in world.other.git.blobs.items():
        yield f"blob {sha}", content
    yield "commits", repr(world.other.git.commits).encode()
    yield "issues", repr([(issue.title, issue.labels) for issue in world.other.records.issues.values()]).encode()
    yield "requests", repr(world.other.requests).encode()
    for delivery in world.other.hook.log:
        yield f"delivery {delivery.guid}", delivery.body


def test_nothing_of_them_is_told(world: World, tmp_path: Path) -> None:
    answers = knock(world)
    meet_all_defects(world, tmp_path / "service/defects")
    world.open(INVALID).has("mlops:failed")
    failed = world.open(FAILS).has("mlops:failed", run=1)
    assert "PATH" in str(failed.told())  # of the variables as many as a message holds
    tell(world.open(POOR))
    if world.other is not None:
        break_github(world)
    world.service.stop()
    places = [*everything(tmp_path / "service"), *at_github(world), *((text, text.encode()) for text in answers)]
    assert finds(places) == []
    assert logged(world, "Slack could not be reached")
    assert logged(world, "was called with [secret]")
