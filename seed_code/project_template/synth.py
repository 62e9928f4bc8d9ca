"""`make synth`: writes the templates, without an account.

`python -m seed_code.project_template.synth DIR [name=value ...]`; the names are those of `options.Options`.

`MLOpsStack.template.json` is what `cdk deploy` deploys, `mlops.template.json` the plain one for `aws cloudformation
deploy`, `studio.template.json` a SageMaker project template, `launch-role.template.json` the role that it needs. The
zip files beside them are what the templates' parameters name.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from algorithms.errors import MissingExtraError, PlatformError
from seed_code.project_template.node import use_own_node
from seed_code.project_template.options import FLAGS, Options
from seed_code.project_template.package import Package, code_version, lambda_package, source_package


def write(folder: Path, options: Options, package: Package, source: Package) -> None:
    """Writes the four templates. Raises RuntimeError where cdk-nag finds something that is not acknowledged."""
    from aws_cdk import App, DefaultStackSynthesizer, Validations
    from cdk_nag import AwsSolutionsChecks

    from seed_code.project_template.acknowledged import acknowledge, acknowledge_launch_role
    from seed_code.project_template.launch_role import LaunchRoleStack
    from seed_code.project_template.sources import Checkout, Uploaded
    from seed_code.project_template.stack import MLOpsStack
    from seed_code.project_template.studio import StudioStack

    app = App(outdir=str(folder), analytics_reporting=False, context=FLAGS)
    version = code_version(package)
    here, elsewhere = Checkout(package.path, source.path), Uploaded(package.path, source.path)
    plain = [DefaultStackSynthesizer(generate_bootstrap_version_rule=False) for _ in range(3)]
    stacks = [
        MLOpsStack(app, "MLOpsStack", options, here, version),
        MLOpsStack(app, "mlops", options, elsewhere, version, synthesizer=plain[0]),
        StudioStack(app, "studio", options, elsewhere, version, synthesizer=plain[1]),
    ]
    acknowledge_launch_role(LaunchRoleStack(app, "launch-role", options, synthesizer=plain[2]))
    for stack in stacks:
        acknowledge(stack)
    Validations.of(app).add_plugins(AwsSolutionsChecks())
    app.synth()


def read_options(pairs: Sequence[str]) -> Options:
    """Options as `name=value`. Raises PlatformError."""
    given: Mapping[str, str] = {name: value or "true" for name, _, value in (pair.partition("=") for pair in pairs)}
    unknown = sorted(set(given) - set(Options.__dataclass_fields__))
    if unknown:
        known = ", ".join(Options.__dataclass_fields__)
        raise PlatformError(f"{', '.join(unknown)}: no such option. Known are {known}.")
    return Options.from_context(given)


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes templates and zip files."""
    parser = argparse.ArgumentParser("python -m seed_code.project_template.synth", description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("options", nargs="*", metavar="name=value", help="such as kms=true")
    given = parser.parse_args(arguments)
    try:
        options = read_options(given.options)
        use_own_node()
        package, source = lambda_package(given.folder, options.python), source_package(given.folder)
        write(given.folder, options, package, source)
    except (MissingExtraError, PlatformError) as error:
        print(error, file=sys.stderr)
        return 1
    print(package, source, *sorted(file.name for file in given.folder.glob("*.template.json")), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
