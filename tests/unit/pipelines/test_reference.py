from __future__ import annotations

from pipelines.reference import all_steps, render_reference

DEFINITION = {
    "Parameters": [
        {"Name": "RunId", "Type": "String"},
        {"Name": "Duplicates", "Type": "String", "DefaultValue": "keep", "EnumValues": ["keep", "drop"]},
    ],
    "Steps": [
        {"Name": "Check", "Type": "Condition", "Description": "Compares.", "Arguments": {
            "IfSteps": [{"Name": "Yes", "Type": "RegisterModel", "Description": "Registers.", "Arguments": {}}],
            "ElseSteps": [{"Name": "No", "Type": "Fail", "Description": "Fails.", "Arguments": {}}],
        }},
    ],
}  # fmt: skip


def test_steps_of_branches_follow_their_condition() -> None:
    assert [step["Name"] for step in all_steps(DEFINITION["Steps"])] == ["Check", "Yes", "No"]


def test_page_lists_settings_parameters_and_steps() -> None:
    lines = render_reference({"supervised": DEFINITION}).splitlines()
    assert "| `bucket` | `MLOPS_BUCKET` |  |" in lines
    assert "| `region` | `AWS_REGION` or `AWS_DEFAULT_REGION` |  |" in lines
    assert "| `volume_size_gb` |  | `30` |" in lines
    assert "## `mlops-supervised`" in lines
    assert "| `RunId` | String | required |  |" in lines
    assert '| `Duplicates` | String | `"keep"` | `keep`, `drop` |' in lines
    assert "| `No` | Fail | Fails. |" in lines
