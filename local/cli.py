"""`mlops`: the command line. Each command is a few lines over the module that does the work."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from algorithms.errors import MissingExtraError, Problem, RequestError

CANCELLED = (
    '{"status": "cancelled", "issue": null, "problems": [], "attempts": [], "model_package_arn": null, '
    '"model_data": null, "history": [], "comments": []}'
)
"""What `run --json` prints when it is interrupted before it began; a test compares it with an empty report."""
DEFAULT_WORKSPACE = Path(".mlops")


def print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """`mlops --version`."""
    from local.version import full_version

    if wanted:
        click.echo(f"mlops {full_version()}")
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=print_version, help="Version.")
def main() -> None:
    """Train, evaluate and register models from GitHub issues; here, on this machine."""
    from lambda_bridge.redaction import hide_in_tracebacks

    hide_in_tracebacks()


@main.command()
@click.argument("issue", metavar="ISSUE.md", type=click.Path(path_type=Path))
@click.option("--data", metavar="DIR", type=click.Path(path_type=Path), help="Folder with train.csv or train.parquet.")
@click.option(
    "--reply",
    "replies",
    metavar="FILE",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A comment to answer with when the score is below the threshold. Give it again for the next time.",
)
@click.option(
    "--workspace", metavar="DIR", type=click.Path(path_type=Path), default=DEFAULT_WORKSPACE, show_default=True
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def run(issue: Path, data: Path | None, replies: tuple[Path, ...], workspace: Path, as_json: bool) -> None:
    """Run one issue through the whole loop: train, judge, ask, retrain, register, record.

    Exit codes: 0 registered; 1 a failure that is not the requester's; 2 the request, its dataset or the last reply is
    invalid; 3 below the threshold; 130 cancelled.
    """
    from local.signals import signals_interrupt

    try:
        with signals_interrupt():
            from local.console import screen
            from local.run import run_issue

            report = run_issue(issue, data, replies, workspace, screen(silent=as_json))
            _track(workspace)
    except KeyboardInterrupt:  # before the run began: its modules take a moment to load
        if as_json:
            click.echo(CANCELLED)
        sys.exit(130)
    if as_json:
        click.echo(json.dumps(report.to_dict(), allow_nan=False))
    else:
        _print_problems(report.problems)
    sys.exit(report.exit_code)


def _track(workspace: Path) -> None:
    """To MLflow, where that is set up; a run is as good without."""
    from local.tracking import is_on, log_now

    problem = log_now(workspace) if is_on() else None
    if problem is not None:
        click.echo(problem, err=True)


@main.command()
@click.option(
    "--workspace", metavar="DIR", type=click.Path(path_type=Path), default=DEFAULT_WORKSPACE, show_default=True
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8080, show_default=True, help="0: a free one.")
@click.option(
    "--user",
    "users",
    metavar="NAME:PERMISSION:TOKEN",
    multiple=True,
    help="Account of the local repository. Without any: `owner`, an admin, whose token is printed.",
)
@click.option("--github", "repository", metavar="OWNER/REPO", help="A real repository, at GITHUB_API_URL.")
def up(workspace: Path, host: str, port: int, users: tuple[str, ...], repository: str | None) -> None:
    """Serve on this machine: hear webhooks, or poll, and run what issues ask for, until SIGINT or SIGTERM."""
    from local.signals import signals_stop

    with signals_stop() as stop, _told():
        from local.up import OptionsError, read_options, serve_until

        try:
            options = read_options(workspace, host, port, users, repository)
        except OptionsError as error:
            click.echo(str(error), err=True)
            sys.exit(2)
        serve_until(stop, options, click.echo)


@main.command()
@click.argument("record", metavar="RECORD", type=click.Path(path_type=Path))
@click.option("--data", metavar="DIR", type=click.Path(path_type=Path), help="Folder with the recorded dataset.")
@click.option(
    "--workspace", metavar="DIR", type=click.Path(path_type=Path), default=DEFAULT_WORKSPACE, show_default=True
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def reproduce(record: Path, data: Path | None, workspace: Path, as_json: bool) -> None:
    """Run the attempt of a history record again and compare every figure, bit for bit.

    RECORD is a record.json of training_history/, or its folder. Exit codes: 0 all are the same; 1 a failure; 2 it is no
    record, or the dataset is another one; 3 figures differ; 130 cancelled.
    """
    from local.signals import signals_interrupt

    try:
        with _told(), signals_interrupt():
            from local.console import screen
            from local.reproduce import reproduce as run_again

            found = run_again(record, data, workspace, screen(silent=as_json))
    except KeyboardInterrupt:
        sys.exit(130)
    click.echo(json.dumps(found.to_dict(), allow_nan=False) if as_json else "\n".join(found.lines()))
    _print_problems(found.problems)
    sys.exit(found.exit_code)


@main.command()
@click.argument("model", metavar="MODEL")
@click.argument("data", metavar="DATA", type=click.Path(path_type=Path))
@click.option("--open", "repository", metavar="OWNER/REPO", help="Where columns changed, opens an issue there.")
@click.option(
    "--workspace", metavar="DIR", type=click.Path(path_type=Path), default=DEFAULT_WORKSPACE, show_default=True
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def drift(model: str, data: Path, repository: str | None, workspace: Path, as_json: bool) -> None:
    """Compare new rows with those that a registered model learned from.

    MODEL is the ARN of a version, the name of a model package group, or a baseline.json; DATA a CSV or Parquet file,
    or a folder with a dataset. Exit codes: 0 nothing changed by more than chance; 1 a failure; 2 there is no such
    model, or the rows cannot be read; 3 columns changed.
    """
    from local.drift import find_drift, open_issue
    from local.init_options import check_repository

    with _told():
        if repository is not None:
            check_repository(repository)
        found, known = find_drift(model, data, workspace)
        if repository is not None and found.drifted:
            found.issue = open_issue(repository, found, known)
    click.echo(json.dumps(found.to_dict(), allow_nan=False) if as_json else "\n".join(found.lines()))
    sys.exit(found.exit_code)


@main.command()
@click.argument("issue", metavar="ISSUE.md", type=click.Path(path_type=Path))
def check(issue: Path) -> None:
    """Validate an issue body: exit code 0, or 2 with every problem."""
    from lambda_bridge.issue_body import read_body
    from local.issue_file import read_issue

    with _told():
        request = read_body(read_issue(issue).body)
        click.echo(
            f"valid: {request.learning_type}, {request.algorithm} on {request.dataset_id or request.environment}"
        )


@main.command()
@click.argument("name", required=False)
def algorithms(name: str | None) -> None:
    """List the algorithms; with a NAME, its hyperparameters."""
    from local.listing import list_algorithms, list_hyperparameters

    with _told():
        click.echo(list_hyperparameters(name) if name else list_algorithms())


@main.command()
@click.argument("model_data", metavar="MODEL_DATA")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8080, show_default=True, help="0: a free one.")
@click.option(
    "--capture",
    metavar="DIR",
    envvar="MLOPS_CAPTURE_DIR",
    type=click.Path(path_type=Path),
    help="Writes what was asked and answered there, as JSON Lines in SageMaker's format.",
)
@click.option(
    "--workspace", metavar="DIR", type=click.Path(path_type=Path), default=DEFAULT_WORKSPACE, show_default=True
)
def serve(model_data: str, host: str, port: int, capture: Path | None, workspace: Path) -> None:
    """Serve a trained model: /ping and /invocations, until SIGINT or SIGTERM.

    MODEL_DATA is a model.tar.gz, a folder with one or with its files, or the s3:// address in the workspace.
    """
    from local.signals import signals_stop

    with signals_stop() as stop, _told():
        from local.serve import Options, serve_until

        serve_until(stop, Options(model_data, workspace, host, port, capture), click.echo)


@main.command()
@click.option(
    "--workspace", metavar="DIR", type=click.Path(path_type=Path), default=DEFAULT_WORKSPACE, show_default=True
)
@click.option("--port", type=click.IntRange(1, 65_535), default=5000, show_default=True)
def ui(workspace: Path, port: int) -> None:
    """Open MLflow on what was trained (needs the extra `mlflow`), until SIGINT or SIGTERM.

    The store is that of MLFLOW_TRACKING_URI; left out, the workspace has its own, in mlflow.db.
    """
    import os

    from local.tracking import ui as found

    with _told():
        command = found(workspace, port)
    if isinstance(command, str):
        click.echo(command)
        return
    click.echo(f"MLflow: http://127.0.0.1:{port}")
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 (it takes the place of this process, and its signals)


@main.group()
def data() -> None:
    """The datasets of a workspace."""


@data.command("add")
@click.argument("dataset_id", metavar="ID")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--workspace", metavar="DIR", type=click.Path(path_type=Path), default=DEFAULT_WORKSPACE, show_default=True
)
def add(dataset_id: str, folder: Path, workspace: Path) -> None:
    """Put the dataset in DIR into the workspace, in the place of an older one of that ID."""
    from local.datasets import add_dataset
    from local.workspace import Workspace

    with _told(), Workspace(workspace, "mlops data add") as opened:
        names = add_dataset(opened.objects, dataset_id, folder)
        click.echo(f"{dataset_id}: {', '.join(names)}")


@main.command()
@click.argument("repository", metavar="OWNER/REPO")
@click.option("--url", metavar="ADDRESS", help="Where webhooks go; their secret is GITHUB_WEBHOOK_SECRET.")
@click.option(
    "--codeowner", "codeowners", metavar="NAME", multiple=True, help="Adds CODEOWNERS: a person, or ORG/TEAM."
)
@click.option("--force", is_flag=True, help="Replace what a person changed; set the webhook's secret anew.")
@click.option("--dry-run", is_flag=True, help="Change nothing; tell what would be done.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def init(
    repository: str, url: str | None, codeowners: tuple[str, ...], force: bool, dry_run: bool, as_json: bool
) -> None:
    """Prepare a repository on GitHub: labels, issue form, training_history/ and, with --url, the webhook.

    It can be run again at any time. Exit codes: 0 done, or nothing to do; 1 GitHub or the environment refuses
    something; 2 the arguments are wrong.
    """
    from local.init import prepare
    from local.init_options import Options

    report = prepare(Options(repository, url, codeowners, force, dry_run))
    if as_json:
        click.echo(json.dumps(report.to_dict(), allow_nan=False))
    else:
        for line in report.lines():
            click.echo(line)
        _print_problems(report.problems)
    sys.exit(report.exit_code)


@main.command("compile")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit with 1 if a definition is stale.")
def compile_(only_check: bool) -> None:
    """Compile the pipeline definitions (needs the extra `pipelines`)."""
    from pipelines.compile import main as compile_main

    sys.exit(compile_main(["--check"] if only_check else []))


@main.command()
@click.option("--kwargs", metavar="JSON", default="{}", help="Settings as an object; the rest from the environment.")
@click.option("--tags", metavar="JSON", default="{}", help='Tags of the pipelines, such as {"team": "churn"}.')
def upsert(kwargs: str, tags: str) -> None:
    """Create or update the pipelines on AWS (needs the extra `pipelines`).

    The settings are listed in docs/reference/pipelines.md.
    """
    from pipelines.upsert import main as upsert_main

    sys.exit(upsert_main([f"--kwargs={kwargs}", f"--tags={tags}"]))


class _told:  # noqa: N801 (reads like a function: `with _told():`)
    """Expected errors become lines on standard error and an exit code; a defect stays a traceback."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        from local.environment import SettingError
        from local.serving import PortError
        from local.store import StoreVersionError
        from local.workspace import WorkspaceBusyError

        if isinstance(error, RequestError):
            _print_problems(error.problems)
            sys.exit(2)
        if isinstance(error, MissingExtraError | PortError | SettingError | StoreVersionError | WorkspaceBusyError):
            click.echo(str(error), err=True)
            sys.exit(1)


def _print_problems(problems: list[Problem]) -> None:
    """A line per problem. Messages repeat what strangers wrote, and a terminal obeys control characters."""
    from lambda_bridge.inert import printable

    for problem in problems:
        click.echo(printable(problem.message), err=True)


if __name__ == "__main__":
    main()
