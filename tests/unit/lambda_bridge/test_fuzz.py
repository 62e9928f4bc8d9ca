"""Ten thousand bodies and comments of strangers through the decisions: no exception, no delay, inert answers."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from time import thread_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from algorithms.params import Preprocessing
from algorithms.registry import ALGORITHMS, algorithm
from lambda_bridge.actions import Action, Save, Write
from lambda_bridge.decide import Facts, concerns, decide
from lambda_bridge.events import CommentEvent, IssueEvent
from lambda_bridge.ports import IssueView, StartEvent
from lambda_bridge.runs import Attempt, Reply, Run
from lambda_bridge.sentences import LONGEST_COMMENT
from pipelines.request import TrainingRequest, form_label, parse_request

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LONGEST = 1
"""Seconds of the processor for one event."""
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
LIVE = re.compile(r"@\w|#\d|\bGH-\d|://|\bwww\.|<[a-z/!?]", re.IGNORECASE)
"""Mentions, references, addresses and HTML, as GitHub finds them. Without references there is nothing to close."""

HOSTILE = st.sampled_from(
    [
        "@octocat",
        "closes #12",
        "fixes octo/repo#12",
        "resolves GH-12",
        "<script>alert(1)</script>",
        "<!-- mlops:progress-1 -->",
        "-->",
        "![x](https://example.org/x.png)",
        "[x](javascript:alert(1))",
        "[x]: https://example.org",
        "https://example.org",
        "www.example.org",
        "| a | b |\n| --- | --- |",
        "`@octocat`",
        "``` yaml",
        "\x1b[31m",
        "\u202egnirts",
        "\ud800",
        "a\u0000b",
        "&lt;b&gt;",
        "&a [*a, *a]",
        "<<: {a: 1}",
        "!!python/object:os.system x",
        "%YAML 1.2",
        "---",
        "? [",
        "{" * 30,
        "9" * 5_000,
        "2024-13-45",
        ".nan",
        "1e999",
        "null",
        "~",
        "[1, 2]",
        "0.5",
        "8",
        "true",
        "sqrt",
    ]
)
NAMES = sorted(
    {*TrainingRequest.model_fields, *Preprocessing.model_fields}.union(
        *(algorithm(name).params_model.model_fields for name in ALGORITHMS)
    )
)
WORDS = st.sampled_from([*ALGORITHMS, "supervised", "unsupervised", "reinforcement", "iris", "CartPole-v1", "accuracy"])
TEXT = st.text(max_size=60)
KEYS = st.one_of(st.sampled_from(NAMES), HOSTILE, TEXT)
VALUES = st.one_of(HOSTILE, WORDS, TEXT, st.integers().map(str), st.floats().map(repr))
LINES = st.builds(
    lambda indent, key, value: f"{' ' * indent}{key}: {value}", st.sampled_from([0, 0, 0, 2, 2, 4]), KEYS, VALUES
)
YAML = st.lists(LINES, max_size=12).map("\n".join)
VALID = (
    "learning_type: supervised\nalgorithm: random_forest\ndataset_id: iris\nhyperparameters:\n  n_estimators: 10",
    "learning_type: reinforcement\nalgorithm: ppo\nenvironment: CartPole-v1",
)
ALMOST_VALID = st.builds(lambda body, lines: f"{body}\n{lines}", st.sampled_from(VALID), YAML)


def fenced(info, text):
    return f"```{info}\n{text}\n```"


FENCED = st.builds(fenced, st.sampled_from(["yaml", "yml", "", "json", "yaml x"]), st.one_of(YAML, ALMOST_VALID))
SECTION = st.builds(
    lambda key, value: f"### {form_label(key)}\n\n{value}\n", st.sampled_from(NAMES), st.one_of(VALUES, FENCED)
)
FORM = st.lists(SECTION, max_size=8).map("\n".join)
BODIES = st.one_of(
    st.sampled_from(VALID),
    ALMOST_VALID,
    YAML,
    FENCED,
    FORM,
    TEXT,
    st.lists(st.one_of(FENCED, HOSTILE, TEXT), max_size=5).map("\n".join),
)

COMMANDS = st.sampled_from(
    ["retrain", "cancel", "status", "help", "approve", "reject", "rollback", "retrian", "cancle"]
)
PAIRS = st.builds(lambda key, value: f"{key}={value}", KEYS, VALUES)
SLASH = st.builds(
    lambda name, rest: f"/{name} {' '.join(rest)}", COMMANDS, st.lists(st.one_of(PAIRS, HOSTILE), max_size=4)
)
REPLY = st.one_of(
    YAML.map(lambda text: "adjusted_hyperparameters:\n" + "\n".join(f"  {line.strip()}" for line in text.splitlines())),
    st.builds(lambda lines, more: f"adjusted_hyperparameters: {lines}\n{more}", VALUES, YAML),
)
MISSES = st.sampled_from(
    [
        "`/retrain C=1`",
        "- /cancel @octocat",
        "\u200b/cancel",
        "/cancel. #1",
        "hyperparameters:\n  C: 1",
        '{"adjusted_hyperparameters": {}}',
    ]
)
TALK = st.one_of(HOSTILE, TEXT, YAML)
COMMENTS = st.one_of(
    st.sampled_from(["/cancel", "/status", "/retrain max_depth=8", "adjusted_hyperparameters:\n  gamma: 0.5"]),
    SLASH,
    REPLY,
    st.builds(fenced, st.sampled_from(["yaml", "", "json"]), REPLY),
    st.lists(st.one_of(SLASH, REPLY, MISSES, TALK, REPLY.map(lambda text: fenced("yaml", text))), max_size=4).map(
        "\n\n".join
    ),
    st.builds(lambda text: "> " + text.replace("\n", "\n> "), st.one_of(SLASH, REPLY)),
)

REQUEST = parse_request({"learning_type": "supervised", "algorithm": "random_forest", "dataset_id": "iris"})
AGENT = parse_request({"learning_type": "reinforcement", "algorithm": "ppo", "environment": "CartPole-v1"})
METRICS = {"primary": {"name": "accuracy", "value": 0.5, "score": 0.5}}


def run(state, **changes):
    given = {
        "issue": 7,
        "state": state,
        "title": "t",
        "slug": "t",
        "author": "alice",
        "start_key": "11:x",
        "started": NOW,
        "request": REQUEST,
        "attempts": (Attempt(number=1, status="below_threshold", metrics=METRICS),),
        "token": "t1",
    }
    return Run(**{**given, **changes})


RUNS = (
    run("waiting"),
    run("waiting", request=AGENT),
    run("waiting", cancelled_by="bob"),
    run("running"),
    run("running", reply=Reply(comment=100, author="bob", hyperparameters={}), handled_comment=100),
    run("ended", status="registered", token=None),
    run("refused", status="invalid", request=None, attempts=(), token=None),
)
MANY = {"derandomize": True, "database": None, "deadline": None, "suppress_health_check": list(HealthCheck)}


def decided(event, record, facts):
    """The actions; the time is the processor's, so that a busy machine does not matter."""
    start = thread_time()
    assert concerns(event, record) in (True, False)
    actions = decide(event, record, facts)
    if thread_time() - start >= LONGEST:
        assert untraced(event, record, facts) < LONGEST, "strangers can make the bridge wait"
    return actions


def untraced(event, record, facts):
    """Seconds without the tracer that measures coverage, which makes everything slower."""
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        start = thread_time()
        concerns(event, record)
        decide(event, record, facts)
        return thread_time() - start
    finally:
        sys.settrace(tracer)


def check(actions):
    assert actions
    for action in actions:
        assert isinstance(action, Action)
        if isinstance(action, Write):
            inert(action.text)
        if isinstance(action, Save):
            assert Run.from_json(action.run.to_json()) == action.run


def inert(text):
    assert len(text) <= LONGEST_COMMENT
    text.encode()
    assert LIVE.search(text) is None
    tokens = [inner for token in MARKDOWN.parse(text) for inner in (token, *(token.children or ()))]
    assert {token.type for token in tokens}.isdisjoint({"html_block", "html_inline", "link_open", "image"})


@pytest.mark.slow
@settings(max_examples=4_000, **MANY)
@given(BODIES, TEXT, st.sampled_from(["opened", "labeled", "edited"]), st.sampled_from([None, *RUNS]))
def test_bodies(body, title, action, record):
    view = IssueView(7, title, body, "alice", ("mlops:train",), True, "https://example.org/7")
    event = IssueEvent(action, 7, "alice", "mlops:train" if action == "labeled" else None, "d1")
    check(decided(event, record, Facts("write", view, StartEvent(11, "alice"), NOW)))


@pytest.mark.slow
@settings(max_examples=6_000, **MANY)
@given(COMMENTS, st.sampled_from(RUNS), st.sampled_from([100, 101]))
def test_comments(body, record, number):
    event = CommentEvent(7, number, "alice", body, "d1")
    check(decided(event, record, Facts("write", None, None, NOW)))


@pytest.mark.parametrize(
    "text",
    [
        "/retrain " + "a=1 " * 16_000,
        "/retrain " + '"' * 65_000,
        "/retrain " + "[" * 65_000,
        "/retrain a=[" + "[" * 60_000,
        "/retrain a" + "=a" * 30_000,
        "adjusted_hyperparameters:\n" + "  a: 1\n" * 8_000,
        "adjusted_hyperparameters: " + "[" * 60_000,
        "adjusted_hyperparameters:\n" + "".join(f"  key{n}: {n}\n" for n in range(900)),
        "> " * 30_000 + "\n/cancel",
        "- " * 30_000 + "\n/cancel",
        "```yaml\nadjusted_hyperparameters:\n" * 1_500,
        "hyper:" * 10_000,
        "-hyper" * 10_000,
        "/cancel " + "`*_[" * 16_000,
        "/retrain " + "a" * 65_000,
        "/retrain " + "a " * 30_000,
        "/retrain " + "a=' " * 15_000,
        "a" * 65_000 + "hyper",
        " " * 65_000 + "hyper:",
        "x\n" * 2_400 + "\n\n/cancel",
        "-*`_" * 16_000 + "/cancel",
        "1.1.1." * 10_000 + "/cancel",
        ("-" * 11 + "/\n") * 4_900,
        "adjust_hyper: {\n" * 4_000,
        "```json\n" + '{"adjust_hyper":\n' * 3_000,
        "/cancel\n" * 4_900,
    ],
)
def test_long_comments_take_no_time(text):
    event = CommentEvent(7, 101, "alice", text[:65_536], "d1")
    check(decided(event, RUNS[0], Facts("write", None, None, NOW)))
