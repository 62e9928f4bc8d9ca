"""cfn-lint and cdk-nag over the templates."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cfnlint.api import lint_file
from cfnlint.config import ManualArgs

pytestmark = pytest.mark.no_cover  # what runs here is theirs
TEMPLATES = ("MLOpsStack", "mlops", "studio", "launch-role")
TAGGING = {"'tagresource'", "'untagresource'"}
"""API Gateway's actions that CloudFormation's schema of stages names and cfn-lint's list of actions does not."""
UNACKNOWLEDGED = """
import sys
from pathlib import Path
from seed_code.project_template import acknowledged, app
from seed_code.project_template.node import use_own_node

use_own_node()
acknowledged.acknowledge = lambda stack: None
found = app.make(Path(sys.argv[1]))
stack = found.node.find_child("MLOpsStack")
for construct, rule, reason in acknowledged._findings(stack):
    print(construct.node.path, rule, bool(reason.strip()), sep="\\t")
try:
    found.synth()
except RuntimeError:
    pass
"""


@pytest.mark.parametrize("name", TEMPLATES)
def test_cfn_lint(assembly, name):
    found = lint_file(assembly / f"{name}.template.json", ManualArgs(regions=["us-east-1", "eu-central-1"]))
    assert not [match for match in found if not TAGGING & set(match.message.split()[:1])]


def test_cfn_lint_with_every_option(optional, tmp_path):
    file = tmp_path / "template.json"
    file.write_text(json.dumps(optional))
    assert not lint_file(file, ManualArgs(regions=["us-east-1"]))


def test_each_acknowledgement_of_cdk_nag_is_needed(tmp_path):
    """`make synth` fails where one is missing; here one that nothing needs any more."""
    done = subprocess.run(
        [sys.executable, "-c", UNACKNOWLEDGED, str(tmp_path)], capture_output=True, text=True, check=True
    )
    given = {tuple(line.split("\t")[:2]) for line in done.stdout.splitlines()}
    report = json.loads(Path(tmp_path / "validation-report.json").read_text())
    reported = {
        (construct["constructPath"].removesuffix("/Resource"), violation["ruleName"].removeprefix("AwsSolutions-"))
        for plugin in report["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
        if violation["ruleName"].startswith("AwsSolutions-")
    }
    assert given
    assert all(line.endswith("True") for line in done.stdout.splitlines())
    assert given == reported
