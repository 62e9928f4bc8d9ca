"""Issue bodies of every kind, and issue files."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from algorithms.errors import IssueFormatError, ParameterError
from lambda_bridge.issue_body import IssueFile, read_body, read_file, read_mapping
from pipelines.issue_form import render_form

YAML = "learning_type: supervised\nalgorithm: xgboost\ndataset_id: iris\n"
KEYS = {"learning_type": "supervised", "algorithm": "xgboost", "dataset_id": "iris"}

READ = {
    "raw": YAML,
    "raw after a document mark": f"---\n{YAML}",
    "raw with comments": f"# my request\n{YAML}# end\n",
    "raw after a comment that looks like a heading": f"{YAML}### Hyperparameters\n",
    "windows line ends": YAML.replace("\n", "\r\n"),
    "byte order mark": f"\ufeff{YAML}",
    "yaml fence": f"```yaml\n{YAML}```\n",
    "yml fence": f"```yml\n{YAML}```\n",
    "capital fence": f"```YAML\n{YAML}```",
    "fence with a title": f'```yaml title="request"\n{YAML}```',
    "unmarked fence": f"```\n{YAML}```\n",
    "tilde fence": f"~~~yaml\n{YAML}~~~\n",
    "fence in prose": f"Hello @team,\n\nplease train:\n\n```yaml\n{YAML}```\n\nThanks!\n",
    "fence that is not closed": f"Please:\n\n```yaml\n{YAML}",
    "fence beside other languages": f"```python\nprint(1)\n```\n\n```yaml\n{YAML}```\n",
    "marked fence beside an unmarked one": f"```\nlog line\n```\n\n```yaml\n{YAML}```\n",
    "fence beside one in a quote": f"> ```yaml\n> a: 1\n> ```\n\n```yaml\n{YAML}```\n",
    "fence beside one in a list": f"- ```yaml\n  a: 1\n  ```\n\n```yaml\n{YAML}```\n",
    "fence beside one in an HTML comment": f"<!--\n```yaml\na: 1\n```\n-->\n\n```yaml\n{YAML}```\n",
    "fence in details": f"<details>\n\n```yaml\n{YAML}```\n\n</details>\n",
}


@pytest.mark.parametrize("body", READ.values(), ids=READ)
def test_reads(body):
    assert read_mapping(body) == KEYS


REFUSED = {
    "two yaml fences": (f"```yaml\n{YAML}```\n\n```yaml\na: 1\n```\n", "one YAML block, got 2, at lines 1, 7"),
    "only a fence in a quote": (f"> ```yaml\n> {YAML}> ```\n", "is not valid YAML"),
    "only a fence in an HTML comment": (f"<!--\n```yaml\n{YAML}```\n-->\n", "is not valid YAML"),
    "only another language": ("```python\nprint(1)\n```\n", "is not valid YAML"),
    "prose": ("Please train a model.", "Put the YAML into a ```yaml block"),
    "empty fence": ("```yaml\n```\n", "holds no YAML"),
    "error in a fence": ("Hello\n\n```yaml\na: 1\na: 2\n```\n", "line 5 repeats a key"),
    "too long": ("```yaml\n" + "a" * 65_536, "at most 65536 characters"),
    "control character in prose": (f"\x1b[2J\n```yaml\n{YAML}```", "line 1 holds a control character"),
}


@pytest.mark.parametrize(("body", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses(body, message):
    with pytest.raises(IssueFormatError) as caught:
        read_mapping(body)
    assert message in str(caught.value)


def submitted(answers: dict[str, str]) -> str:
    """What GitHub makes of the issue form: a heading and the answer for each field, in the form's order."""
    form = yaml.safe_load(render_form())
    return "\n\n".join(_rendered(field, answers) for field in form["body"] if field["type"] != "markdown")


def _rendered(field, answers):
    answer = answers.get(field["id"], "")
    if field["type"] == "dropdown":
        assert answer in ("", *field["attributes"]["options"])
    if answer and field["attributes"].get("render"):
        answer = f"```{field['attributes']['render']}\n{answer}\n```"
    return f"### {field['attributes']['label']}\n\n{answer or '_No response_'}"


def test_every_field_of_the_form_is_read_back():
    tables = {
        "learning_type": "supervised",
        "algorithm": "random_forest",
        "task_type": "regression",
        "dataset_id": "diabetes",
        "target": "2020",
        "preprocessing": "missing: mean\ndrop_columns: [a, b]",
        "hyperparameters": "n_estimators: 50\nmax_features: 5e-1",
        "evaluation_metric": "rmse",
        "evaluation_threshold": "60",
        "max_retry": "0",
        "seed": "7",
        "instance_type": "ml.c5.xlarge",
    }
    request = read_body(submitted(tables))
    assert request.model_dump(exclude_unset=True) == {
        **tables,
        "preprocessing": {"missing": "mean", "drop_columns": ["a", "b"]},
        "hyperparameters": {"n_estimators": 50, "max_features": 0.5},
        "evaluation_threshold": 60.0,
        "max_retry": 0,
        "seed": 7,
    }


def test_fields_without_a_response_are_left_out():
    answers = {"learning_type": "reinforcement", "algorithm": "ppo", "environment": "CartPole-v1"}
    assert read_body(submitted(answers)).model_dump(exclude_unset=True) == answers


def test_an_empty_text_area_that_github_fenced_is_left_out():
    assert read_mapping("### Algorithm\n\npca\n\n### Hyperparameters\n\n```yaml\n\n```\n") == {"algorithm": "pca"}


def test_a_text_area_without_its_fence_is_yaml():
    assert read_mapping("### Hyperparameters\n\nk: 4\n") == {"hyperparameters": {"k": 4}}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("### Algorithm\n\npca\n\n### Algorithm\n\nkmeans\n", "line 5 has a heading that is repeated"),
        ("### Algorithm\n\npca\n\n### Datset id\n\niris\n", 'got "Datset id". Did you mean `Dataset id`?'),
        ("### Algorithm\n\npca\n\n### Zebra\n\n1\n", 'got "Zebra". Known are: Learning type, Algorithm'),
        ("### Hyperparameters\n\n```yaml\nk: 1\nk: 2\n```\n", "line 5 repeats a key"),
        ("### Hyperparameters\n\n```yaml\nk: &a 1\n```\n", "line 4 holds an anchor"),
        ("### Hyperparameters\n\nmany\n", "line 2 must be lines of `key: value`"),
        ("### Algorithm\n" * 4000, "is repeated"),
    ],
    ids=["repeated", "misspelled", "unknown", "repeated key", "anchor", "text", "thousands"],
)
def test_refuses_forms(body, message):
    with pytest.raises(IssueFormatError) as caught:
        read_mapping(body)
    assert message in str(caught.value)
    assert len(caught.value.problems) <= 50


def test_numbers_in_a_form_that_are_none_are_named():
    answers = {"learning_type": "supervised", "algorithm": "xgboost", "dataset_id": "iris", "seed": "lots"}
    with pytest.raises(ParameterError, match='seed: must be a whole number from 0 to 4294967295, got "lots"'):
        read_body(submitted({**answers, "evaluation_threshold": "9" * 100}))


@pytest.mark.parametrize(
    ("text", "file"),
    [
        (YAML, IssueFile(None, ("mlops:train",), YAML)),
        (f"---\ntitle: Irises\n---\n{YAML}", IssueFile("Irises", ("mlops:train",), YAML)),
        (f"---\nlabels: [a, b]\n---\n\n{YAML}", IssueFile(None, ("a", "b"), f"\n{YAML}")),
        (f"---\n---\n{YAML}", IssueFile(None, ("mlops:train",), YAML)),
        (f"---\r\ntitle: Irises\r\n---\r\n{YAML}", IssueFile("Irises", ("mlops:train",), YAML)),
        (f"---\n{YAML}", IssueFile(None, ("mlops:train",), f"---\n{YAML}")),
    ],
    ids=["none", "title", "labels", "empty", "windows", "document mark"],
)
def test_reads_issue_files(text, file):
    assert read_file(text) == file


@pytest.mark.parametrize(
    ("front", "keys"),
    [
        ("title: [a]", ["title"]),
        ("title: ' '", ["title"]),
        (f"title: {'a' * 300}", ["title"]),
        ("labels: a", ["labels"]),
        ("labels: [1]\ntitle: 5", ["title", "labels"]),
        ("algorithm: xgboost", ["front matter"]),
        ("title: &a b", ["body"]),
    ],
)
def test_refuses_front_matter(front, keys):
    with pytest.raises(IssueFormatError) as caught:
        read_file(f"---\n{front}\n---\n{YAML}")
    assert [problem.key for problem in caught.value.problems] == keys


PIECES = [
    *("```", "yaml", "### Algorithm", "_No response_", "<!--", "-->", "---", "%YAML", "\n", "\n", "  ", "\t", "> "),
    *(
        "a: ",
        "- ",
        "? ",
        "&a ",
        "*a",
        "<<: ",
        "!!int ",
        "[",
        "]",
        "{",
        "}",
        "'",
        '"',
        "|",
        "\\ud800",
        "\ud800",
        "1e999",
    ),
    *("learning_type: supervised\n", "algorithm: xgboost\n", "hyperparameters:\n  ", "max_depth: ", "null", ".nan"),
]


@settings(max_examples=200, deadline=2000)
@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=25).map("".join)))
@example("a: !!bool x")
@example('a: "\\UFFFFFFFF"')
@example("? ")
def test_any_text_is_read_or_refused(text):
    for read in (read_file, read_body):
        assert outcome(read, text)


def outcome(read, text):
    """What was read, or the messages about what is wrong, which every terminal can print."""
    try:
        return read(text)
    except (IssueFormatError, ParameterError) as error:
        return [problem.message.encode() for problem in error.problems]


@pytest.mark.parametrize("written", ["sex, age group", "[sex, age group]", "- sex\n- age group", " sex ,age group,"])
def test_a_list_in_the_form_is_names_with_commas_or_yaml(written):
    body = f"### Learning type\n\nsupervised\n\n### Sensitive columns\n\n{written}\n"
    assert read_mapping(body)["sensitive_columns"] == ["sex", "age group"]
