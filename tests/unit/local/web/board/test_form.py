"""The form of a new training, and the issue that it becomes."""

from __future__ import annotations

from lambda_bridge.issue_body import read_body
from local.web.board.form import read_form
from pipelines.request import TrainingRequest

GOOD = {"title": "Iris", "learning_type": "supervised", "algorithm": "random_forest", "dataset_id": "iris"}


def wrong(form):
    return {field.key: field.problems for field in form.fields if field.problems}


def test_an_empty_form_has_every_key_and_no_problem():
    form = read_form({}, checked=False)
    assert [field.key for field in form.fields] == list(TrainingRequest.model_fields)
    assert (form.problems, wrong(form), form.body) == ((), {}, "")


def test_what_is_filled_in_is_read_by_the_bridge():
    given = {**GOOD, "hyperparameters": "n_estimators: 7\nmax_depth: 3", "evaluation_threshold": "0.9", "seed": "4"}
    form = read_form(given, checked=True)
    assert (form.problems, wrong(form)) == ((), {})
    request = read_body(form.body)
    assert (request.hyperparameters, request.evaluation_threshold, request.seed) == (
        {"n_estimators": 7, "max_depth": 3},
        0.9,
        4,
    )


def test_every_problem_stands_at_its_field():
    given = {**GOOD, "title": "", "hyperparameters": "n_estimators: 0\nmax_depht: 3", "max_retry": "9", "seed": "x"}
    form = read_form(given, checked=True)
    assert form.problems[0].startswith("title: must be")
    assert set(wrong(form)) == {"hyperparameters", "max_retry", "seed"}
    assert len(wrong(form)["hyperparameters"]) == 2
    assert {field.key: field.value for field in form.fields}["seed"] == "x"


def test_nothing_at_all_is_a_problem():
    assert "learning_type" in wrong(read_form({"title": "x"}, checked=True))


def test_a_value_cannot_open_a_section_of_its_own():
    given = {**GOOD, "hyperparameters": "```\n\n### Seed\n\n5"}
    assert wrong(read_form(given, checked=True)) or read_form(given, checked=True).problems
