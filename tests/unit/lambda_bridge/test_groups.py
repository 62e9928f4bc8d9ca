"""The section about groups: a table, a verdict, and strangers' names that stay inert."""

from __future__ import annotations

from markdown_it import MarkdownIt

from lambda_bridge.groups import fairness_section


def group(name, value=0.9, n=50, enough=True, rate=0.5):
    return {"group": name, "n": n, "enough": enough, "value": value, "ci95": [0.8, 0.95], "selection_rate": rate}


def column(**changes):
    found = {
        "column": "sex",
        "metric": "accuracy",
        "groups": [group("f", 0.5), group("m")],
        "difference": 0.4,
        "p": 0.002,
        "more_than_chance": True,
        "positive": "yes",
        "demographic_parity_difference": 0.25,
        "demographic_parity_p": 0.3,
        "demographic_parity_more_than_chance": False,
        "equalized_odds_difference": 0.5,
    }
    return {**found, **changes}


def section(*columns):
    return fairness_section({"fairness": list(columns)})


def test_nothing_was_named():
    assert fairness_section({}) == fairness_section({"fairness": []}) == fairness_section({"fairness": None}) == ""


def test_a_gap_that_is_more_than_chance_is_a_warning():
    text = section(column())
    assert "| `f` | 50 | 0.5 | 0.8 to 0.95 | 0.5 |" in text
    assert "accuracy differs by 0.4 between the groups of `sex` (p = 0.002): ⚠️ more than chance." in text
    assert "Demographic parity difference 0.25" in text


def test_a_gap_that_may_be_chance():
    assert "that may be chance" in section(column(more_than_chance=False, p=0.4))


def test_a_gap_between_selection_rates_has_a_verdict_of_its_own():
    fair = {"difference": 0.01, "p": 0.6, "more_than_chance": False}
    text = section(column(**fair, demographic_parity_p=0.002, demographic_parity_more_than_chance=True))
    assert "accuracy differs by 0.01 between the groups of `sex` (p = 0.6): that may be chance." in text
    assert "Demographic parity difference 0.25 (p = 0.002): ⚠️ more than chance." in text


def test_without_two_classes_there_is_no_selection():
    none = {"demographic_parity_difference": None, "equalized_odds_difference": None, "positive": None}
    text = section(column(groups=[group("f", rate=None), group("m", rate=None)], **none))
    assert "predicted" not in text
    assert "Demographic" not in text


def test_groups_that_cannot_be_compared():
    text = section(column(difference=None, p=None, more_than_chance=None))
    assert "fewer than two have enough rows" in text


def test_few_rows_and_undefined_values():
    text = section(column(groups=[group("f", None, 3, enough=False), group("m")]))
    assert "| `f` | 3 (too few to compare) |" in text


def test_strangers_names_are_inert():
    hostile = "@octocat <img src=x> | ` closes #1"
    text = section(column(column=hostile, groups=[group(hostile), group("m")], positive=hostile))
    page = MarkdownIt("commonmark").enable("table").render(text)
    assert "<img" not in page
    assert "@octocat" not in page
    assert "closes #1" not in page
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in rows}) == 1
