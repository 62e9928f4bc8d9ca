from __future__ import annotations

import pytest

from algorithms.errors import IssueFormatError
from lambda_bridge.commands import Adjust, Cancel, Help, Review, Status, Unknown, read_command

REPLY = "adjusted_hyperparameters:\n  max_depth: 8"


def fence(text, info="yaml"):
    return f"```{info}\n{text}\n```"


def problems(text):
    with pytest.raises(IssueFormatError) as caught:
        read_command(text)
    return [(problem.key, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/cancel", Cancel()),
        ("  /Cancel\r\n\r\nno money left", Cancel()),
        ("> /help\n\n/cancel", Cancel()),
        ("<!-- /help -->\n/cancel", Cancel()),
        ("/status", Status()),
        ("/help", Help()),
        ("/approve", Review("approve", None)),
        ("/reject 3", Review("reject", 3)),
        ("/rollback 12", Review("rollback", 12)),
    ],
)
def test_slash_commands(text, command):
    assert read_command(text) == command


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Thank you!",
        "Thanks\n\n/cancel",
        "please /cancel",
        "> /cancel",
        "- do not /cancel",
        "Hyperparameters: C=3 may be better",
        "> - /cancel",
        "hyperparameters: hm\n\n> adjust_hyperparameters:\n>   C: 1",
        "> I think\n> adjust_hyperparameters:\n>   C: 1",
        "- hyperparameters: which ones?",
        "/status.json is empty, and /cancel/all is no page"[1:],
        "    /cancel",
        fence("/cancel", ""),
        fence("/cancel", "text"),
        "<!--\n/cancel\n-->",
        "<div>\n/cancel\n</div>",
        "/etc/passwd is a file",
        "/usr/bin/python crashed",
        "/deploy",
        f"> {REPLY}".replace("\n", "\n> "),
        f"<!--\n{REPLY}\n-->",
        fence("a: 1", "json"),
        fence(REPLY, "python"),
        "    " + REPLY.replace("\n", "\n    "),
        "hyperparameters: what are they?",
        fence("a: 1"),
        fence("hyperparameters:\n  a: 1\nmax_retry: 2"),
        fence("hyperparameters: ["),
        "/tmp/x\n" * 6_000,
    ],
)
def test_ordinary_talk(text):
    assert read_command(text) is None


@pytest.mark.parametrize(
    ("text", "name", "suggestion"),
    [
        ("/retrian max_depth=8", "/retrian", "/retrain"),
        ("/cancle", "/cancle", "/cancel"),
        ("/cancel please", "/cancel please", "/cancel"),
        ("/cancel.", "/cancel.", "/cancel"),
        ("/Cancel!\nplease", "/Cancel!", "/cancel"),
        ("`/retrain C=1`", "`/retrain C=1`", "/retrain C=1"),
        ("**/retrain C=1**", "**/retrain C=1**", "/retrain C=1"),
        ("- /retrain C=1", "- /retrain C=1", "/retrain C=1"),
        ("2. /retrain C=1", "2. /retrain C=1", "/retrain C=1"),
        ("# /cancel,", "# /cancel,", "/cancel"),
        ("> /help\n\n*/cancel*", "*/cancel*", "/cancel"),
        ("\u200b/retrain C=1", "\u200b/retrain C=1", "/retrain C=1"),
        ("\u200b/retrain", "\u200b/retrain", "/retrain"),
        ("/status.json", "/status.json", "/status"),
        ("adjusted_hyperparamters:\n  C: 1", "adjusted_hyperparamters:", "adjusted_hyperparameters:"),
        ("Try this\nadjust_hyperparameters:\n  C: 1", "adjust_hyperparameters:", "adjusted_hyperparameters:"),
        ("Adjusted_Hyperparameters:\n  C: 1", "Adjusted_Hyperparameters:", "adjusted_hyperparameters:"),
        ("hyperparameters:\n  C: 1", "hyperparameters:", "adjusted_hyperparameters:"),
        ("hyperparameters: {C: 1}", "hyperparameters:", "adjusted_hyperparameters:"),
        (fence('{"hyperparameters": {"C": 1}}', "json"), "hyperparameters:", "adjusted_hyperparameters:"),
        ("/approve it", "/approve it", "/approve 3"),
        ("/approve 0", "/approve 0", "/approve 3"),
        (fence("hyperparameters:\n  a: 1"), "hyperparameters:", "adjusted_hyperparameters:"),
        (fence("adjusted_hyperparameter:\n  a: 1"), "adjusted_hyperparameter:", "adjusted_hyperparameters:"),
    ],
)
def test_a_near_miss_gets_a_suggestion(text, name, suggestion):
    assert read_command(text) == Unknown(name, suggestion)


@pytest.mark.parametrize(
    "text",
    [
        fence('{"adjusted_hyperparameters": {"C": 1}}', "json"),
        fence('{\n  "adjusted_hyperparameters": {"C": 1}\n}', "json"),
        '{"adjusted_hyperparameters": {"C": 1}}',
        fence(REPLY, "json"),
        f"\u200b{REPLY}",
        "**adjusted_hyperparameters:**\n  C: 1",
        "**adjusted_hyperparameters**:\n  C: 1",
        "- adjusted_hyperparameters:\n    C: 1",
        "I think\n  adjusted_hyperparameters: ...",
    ],
)
def test_a_reply_in_json_or_in_disguise_is_told_how_to_be_written(text):
    assert "```yaml" in problems(text)[0][1]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("/retrain C=1\n/cancel", "/retrain and /cancel"),
        ("/retrain C=1\n\n/cancel", "/retrain and /cancel"),
        ("/status\n/retrain C=1", "/status and /retrain"),
        (f"{fence(REPLY)}\n\n/cancel", "/cancel and adjusted_hyperparameters:"),
        (f"/retrain max_depth=2\n\n{fence(REPLY)}", "/retrain and adjusted_hyperparameters:"),
    ],
)
def test_two_commands_are_refused(text, named):
    assert f"must hold one command, got {named}." in problems(text)[0][1]


def test_a_command_twice_is_one():
    assert read_command("/cancel\n\n/cancel") == Cancel()


class TestReply:
    @pytest.mark.parametrize(
        "text",
        [
            REPLY,
            REPLY.replace("\n", "\r\n"),
            fence(REPLY),
            fence(REPLY, ""),
            f"Let us try this:\n\n{fence(REPLY)}\n\nand hope.",
            f"{fence('learning_type: supervised')}\n\n{fence(REPLY)}",
            f"/retrain\n\n{fence(REPLY)}",
        ],
    )
    def test_yaml_alone_or_in_a_block(self, text):
        assert read_command(text) == Adjust({"max_depth": 8})

    def test_null_and_lists(self):
        text = "adjusted_hyperparameters:\n  max_depth: null\n  hidden_layer_sizes:\n    - 100\n    - 50\n"
        assert read_command(text) == Adjust({"max_depth": None, "hidden_layer_sizes": [100, 50]})

    def test_unreadable_yaml_names_the_line(self):
        assert problems("adjusted_hyperparameters:\n  a: [1")[0][1].startswith("reply: line 2 is not valid YAML")
        assert problems(fence("adjusted_hyperparameters:\n  a: [1"))[0][1].startswith("reply: line ")

    def test_yaml_within_talk_asks_for_a_block(self):
        assert "```yaml" in problems(f"Let us see\n{REPLY}")[0][1]

    @pytest.mark.parametrize("value", ["", " []", " {}", " 8", " null"])
    def test_the_value_must_be_a_mapping(self, value):
        assert [key for key, _ in problems(f"adjusted_hyperparameters:{value}")] == ["adjusted_hyperparameters"]

    def test_other_keys_are_refused_all_at_once(self):
        found = problems(f"{REPLY}\nmax_retry: 5\nseed: 1")
        assert [key for key, _ in found] == ['"max_retry"', '"seed"']
        assert "hyperparameters only" in found[0][1]

    def test_two_blocks_are_refused(self):
        assert "got 2" in problems(f"{fence(REPLY)}\n\n{fence(REPLY)}")[0][1]

    @pytest.mark.parametrize("text", ["&a 1", "*a", "!!int '1'", "{<<: 1}"])
    def test_what_bodies_refuse_is_refused(self, text):
        assert problems(f"adjusted_hyperparameters:\n  a: {text}")[0][0] == "reply"

    def test_a_reply_that_is_too_long_is_no_talk(self):
        assert "at most 5000 lines" in problems(f"{REPLY}\n" + "\n" * 6_000)[0][1]
        assert "control character" in problems("/retrain a=\x00")[0][1]


class TestRetrain:
    def test_values_as_yaml_reads_them(self):
        text = "/retrain a=1 b=1e-3 c=null d=no e='x y' f=\"1\" g=[1,2] h=[100, 50]\ni=true"
        changes = {"a": 1, "b": 0.001, "c": None, "d": "no", "e": "x y", "f": "1", "g": [1, 2], "h": [100, 50]}
        assert read_command(text) == Adjust({**changes, "i": True})

    @pytest.mark.parametrize("rest", ["", " ", " a", " a = 1", " a=", " a=1 please", ' a="1', " a=[1", " =1", " 1=2"])
    def test_anything_but_pairs_is_refused_with_an_example(self, rest):
        assert "/retrain max_depth=8" in problems(f"/retrain{rest}")[0][1]

    @pytest.mark.parametrize("pairs", ["C=1, max_iter=5", "C=1,max_iter=5", "C=1; max_iter=5"])
    def test_values_are_separated_by_spaces(self, pairs):
        key, message = problems(f"/retrain {pairs}")[0]
        assert key == "C"
        assert "separated by spaces" in message

    def test_a_name_twice_is_refused(self):
        assert problems("/retrain a=1 a=2")[0] == ("a", "a: is given twice. Give each hyperparameter once.")

    def test_too_many_pairs_are_refused(self):
        assert "more than 100" in problems("/retrain " + " ".join(f"a{n}=1" for n in range(101)))[0][1]

    def test_too_many_digits_are_refused(self):
        assert problems(f"/retrain a={'9' * 50}")[0][0] == "a"

    def test_bad_lists_and_quotes_are_refused(self):
        assert problems("/retrain a=[*x]")[0][0] == "reply"
