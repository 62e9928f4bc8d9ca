"""Compiles the pipelines into definitions, without an account, credentials or network.

`python -m pipelines.compile` writes `pipelines/definitions/*.json` and the reference page that is read from them; with
`--check` it only says which of them are stale. The SDK is imported when a pipeline is compiled, never before: it costs
seconds and hundreds of megabytes.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from algorithms.errors import MissingExtraError, PlatformError
from pipelines.definitions import ALL_PIPELINES, PipelineKey
from pipelines.generated import write_or_report
from pipelines.reference import render_reference
from pipelines.settings import EXAMPLE, Settings

DEFINITIONS = Path(__file__).parent / "definitions"
KWARGS_HELP = 'settings as a JSON object, for instance {"bucket": "..."}; the rest comes from the environment'
REFERENCE = Path(__file__).parents[1] / "docs" / "reference" / "pipelines.md"


@dataclass(frozen=True)
class Compiled:
    """A pipeline's name on SageMaker, and its definition."""

    name: str
    definition: dict[str, Any]


def compile_definition(pipeline: PipelineKey, settings: Settings = EXAMPLE) -> dict[str, Any]:
    """The definition as CreatePipeline takes it. Raises MissingExtraError without the SDK."""
    return compile_module(f"pipelines.{pipeline}", settings).definition


def compile_module(module: str, settings: Settings) -> Compiled:
    """Compiles what `get_pipeline(settings)` of a module returns.

    Raises MissingExtraError without the SDK, PlatformError for a module that is none or has no such function.
    """
    with _no_account(settings.region), _quiet():
        pipeline = _load(module)(settings)
        return Compiled(pipeline.name, json.loads(pipeline.definition()))


def _load(module: str) -> Any:
    try:
        return import_module(module).get_pipeline
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "sagemaker":
            raise MissingExtraError("pipelines", "Compiling pipelines") from error
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        reason = "there is no such module"
    except AttributeError:
        reason = "the module has no function get_pipeline"
    names = ", ".join(f"pipelines.{pipeline}" for pipeline in ALL_PIPELINES)
    raise PlatformError(f"--module-name: {reason}, got {module!r}. Name one of {names}.")


@contextmanager
def _no_account(region: str) -> Iterator[None]:
    """While it is imported the SDK builds clients, for which it wants a region and looks for credentials."""
    switches = {
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    before = {name: os.environ[name] for name in switches if name in os.environ}
    os.environ.update(switches)
    try:
        yield
    finally:
        for name in switches:
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps back the SDK's remarks: that no job is started, and that job names are left to the service."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def to_text(definition: dict[str, Any]) -> str:
    """The definition as it is committed: one value a line, so that a review shows what changes on AWS."""
    return json.dumps(definition, indent=1, ensure_ascii=False) + "\n"


def generated_files() -> dict[Path, str]:
    """What the generated files should hold; the reference page only where there is a source tree."""
    definitions = {pipeline: compile_definition(pipeline) for pipeline in ALL_PIPELINES}
    files = {DEFINITIONS / f"{name}.json": to_text(definition) for name, definition in definitions.items()}
    return {**files, REFERENCE: render_reference(definitions)} if REFERENCE.parents[1].is_dir() else files


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the generated files. With `--check`: 1 if one is stale, and nothing is written."""
    parser = argparse.ArgumentParser("python -m pipelines.compile", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="only say what is stale")
    return guarded(_write_or_check, parser.parse_args(arguments))


def _write_or_check(options: argparse.Namespace) -> int:
    return write_or_report(generated_files(), options.check, "python -m pipelines.compile")


def get_pipeline_definition(arguments: Sequence[str] | None = None) -> int:
    """Prints the definition of a pipeline, or writes it to a file. Options as in SageMaker's own seed code."""
    parser = module_parser("get-pipeline-definition", str(get_pipeline_definition.__doc__))
    parser.add_argument("-f", "--file-name", type=Path, help="the file to write; without it, standard output")
    return guarded(_print_definition, parser.parse_args(arguments))


def _print_definition(options: argparse.Namespace) -> int:
    text = to_text(compile_module(options.module_name, given_settings(options.kwargs)).definition)
    if options.file_name:
        options.file_name.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


def module_parser(program: str, description: str) -> argparse.ArgumentParser:
    """A parser with the options that the seed code's commands share."""
    parser = argparse.ArgumentParser(program, description=description)
    parser.add_argument("-n", "--module-name", required=True, help="for instance pipelines.supervised")
    parser.add_argument("-kwargs", "--kwargs", default="{}", help=KWARGS_HELP)
    return parser


def json_object(option: str, text: str) -> dict[str, Any]:
    """The JSON object that an option holds. Raises PlatformError."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise PlatformError(f'{option}: must be a JSON object, got {text!r}. Write it like {{"name": "value"}}.')
    return value


def given_settings(kwargs: str, **given: Any) -> Settings:
    """The settings that the option `--kwargs` and `given` hold, the rest from the environment. Raises PlatformError."""
    return Settings.from_environment(**{**json_object("--kwargs", kwargs), **given})


def guarded(run: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Runs a command: its exit code, or 1 and one line on standard error for what its user can put right."""
    try:
        return run(options)
    except (MissingExtraError, PlatformError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
