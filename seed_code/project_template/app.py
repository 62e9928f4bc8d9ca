"""What `cdk deploy --all` runs; options are given as context, such as `-c kms=true` (see `options.Options`)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from algorithms.errors import MissingExtraError, PlatformError
from seed_code.project_template.node import use_own_node
from seed_code.project_template.options import FLAGS, Options
from seed_code.project_template.package import PROJECT, code_version, lambda_package, source_package

BUILT = PROJECT / "build"


def make(folder: Path | None = None) -> Any:
    """The app with the stack `MLOpsStack`. `folder`: where the templates go; None: where the CDK wants them."""
    from aws_cdk import App, Validations
    from cdk_nag import AwsSolutionsChecks

    from seed_code.project_template.acknowledged import acknowledge
    from seed_code.project_template.sources import Checkout
    from seed_code.project_template.stack import MLOpsStack

    app = App(outdir=str(folder) if folder else None, analytics_reporting=False, context=FLAGS)
    options = options_of(app)
    package, source = lambda_package(BUILT, options.python), source_package(BUILT)
    print(package, source, sep="\n", file=sys.stderr)
    stack = MLOpsStack(app, "MLOpsStack", options, Checkout(package.path, source.path), code_version(package))
    acknowledge(stack)
    Validations.of(app).add_plugins(AwsSolutionsChecks())
    return app


def options_of(app: Any) -> Options:
    """The options in the app's context. Raises PlatformError."""
    return Options.from_context({name: app.node.try_get_context(name) for name in Options.__dataclass_fields__})


def main() -> int:
    """Writes the assembly where the CDK's command line looks for it."""
    try:
        use_own_node()
        make().synth()
    except (MissingExtraError, PlatformError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
