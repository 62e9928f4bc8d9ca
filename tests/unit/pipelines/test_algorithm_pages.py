"""docs/algorithms: a page for each algorithm, written by somebody; drafts, and pages without their marks."""

from __future__ import annotations

import json
import re

import pytest

from algorithms.registry import ALGORITHMS, algorithm
from lambda_bridge.issue_body import read_body
from pipelines.algorithm_pages import BEGIN, END, FOLDER, RESULTS, algorithm_pages
from pipelines.render import ROOT

HEADINGS = (
    "When to use it",
    "How it is trained and evaluated",
    "Deviations",
    "Limits",
    "How to replicate",
    "Sources",
)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_part_of_a_page_was_written(name):
    text = (ROOT / FOLDER / f"{name}.md").read_text()
    generated = text[text.index(BEGIN) : text.index(END)]
    parts = dict(part.split("\n", 1) for part in text.replace(generated, "").split("\n## ")[1:])
    assert tuple(parts) == HEADINGS
    assert {heading: len(words.replace(END, "").split()) >= 5 for heading, words in parts.items()} == dict.fromkeys(
        HEADINGS, True
    )


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_page_says_how_to_replicate_with_an_example_of_its_own(name):
    text = (ROOT / FOLDER / f"{name}.md").read_text()
    told = text.partition("\n## How to replicate\n")[2].partition("\n## ")[0]
    (issue,) = re.findall(r"`mlops run (\S+)`", told)
    body = (ROOT / issue).read_text().split("---", 2)[2]
    assert read_body(body).algorithm == name
    assert "`mlops reproduce " in told
    for key, value in algorithm(name).repeatable_with.items():
        assert f"`{key}: {value}`" in told


def test_a_new_algorithm_gets_a_draft_with_its_hyperparameters(tmp_path):
    pages = algorithm_pages(tmp_path)
    text = pages[tmp_path / FOLDER / "tsne.md"]
    assert text.startswith("# t-SNE\n")
    assert "`perplexity`" in text
    assert "[`tsne`](tsne.md)" in pages[tmp_path / FOLDER / "README.md"]


def test_what_people_wrote_stays_and_the_rest_is_made_anew(tmp_path):
    path = tmp_path / FOLDER / "pca.md"
    path.parent.mkdir(parents=True)
    path.write_text(f"# Mine\n\nWords.\n\n{BEGIN}\nold\n{END}\n\nMore words.\n")
    text = algorithm_pages(tmp_path)[path]
    assert text.startswith(f"# Mine\n\nWords.\n\n{BEGIN}\n")
    assert text.endswith(f"{END}\n\nMore words.\n")
    assert "old" not in text
    assert "`num_components`" in text
    path.write_text(text)
    assert algorithm_pages(tmp_path)[path] == text


@pytest.mark.parametrize("text", ["", f"# Mine\n{BEGIN}\n"])
def test_a_page_without_its_marks_is_an_error(tmp_path, text):
    path = tmp_path / FOLDER / "pca.md"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(ValueError, match=r"pca.md: must have the lines"):
        algorithm_pages(tmp_path)


def test_what_was_measured_stands_on_the_page(tmp_path):
    found = {"about": "About.", "columns": ["a", "b"], "rows": [["1", "MISS"]], "versions": {"numpy": "2", "a": "1"}}
    (tmp_path / RESULTS).parent.mkdir(parents=True)
    (tmp_path / RESULTS).write_text(json.dumps({"pca": found}))
    pages = algorithm_pages(tmp_path)
    text = pages[tmp_path / FOLDER / "pca.md"]
    assert "### Results\n\nAbout.\n\n| a | b |\n| --- | --- |\n| 1 | MISS |\n\nMeasured by" in text
    assert "with a 1, numpy 2." in text
    assert "### Results" not in pages[tmp_path / FOLDER / "tsne.md"]


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_was_measured(name):
    found = json.loads((ROOT / RESULTS).read_text())[name]
    assert found["rows"]
    assert {len(row) for row in found["rows"]} == {len(found["columns"])}
    assert found["versions"]
