"""Puts the compiled pipelines on AWS, and changes only what differs: a second run changes nothing."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from algorithms.errors import PlatformError
from pipelines.compile import (
    KWARGS_HELP,
    Compiled,
    compile_module,
    given_settings,
    guarded,
    json_object,
    module_parser,
)
from pipelines.definitions import ALL_PIPELINES
from pipelines.parameters import as_list, client_request_token
from pipelines.settings import NO_MODEL, Settings

Outcome = Literal["created", "updated", "unchanged"]
DESCRIPTION = "Prepares, trains, evaluates and registers one model (see docs/reference/pipelines.md)."


def upsert_all(settings: Settings, tags: Mapping[str, str] | None = None) -> Iterator[str]:
    """Upserts the pipelines and the empty object; yields one line for each.

    Everything is compiled before anything is changed. Raises MissingExtraError without the SDK, PlatformError when AWS
    refuses a call.
    """
    compiled = [compile_module(f"pipelines.{pipeline}", settings) for pipeline in ALL_PIPELINES]
    yield f"s3://{settings.bucket}/{NO_MODEL}: {put_no_model(_client('s3', settings), settings.bucket)}"
    sagemaker = _client("sagemaker", settings)
    for pipeline in compiled:
        yield f"{pipeline.name}: {upsert(sagemaker, pipeline, settings.role_arn, tags or {})}"


def upsert(
    sagemaker: Any, pipeline: Compiled, role_arn: str, tags: Mapping[str, str], description: str = DESCRIPTION
) -> Outcome:
    """Creates the pipeline, or updates what differs. Tags are added or changed, never taken away."""
    with _told(pipeline.name):
        existing = _describe(sagemaker, pipeline.name)
        if existing is None:
            sagemaker.create_pipeline(
                **_request(pipeline, role_arn, description), **({"Tags": _tag_list(tags)} if tags else {})
            )
            return "created"
        same = _same(existing, pipeline, role_arn, description)
        if not same:
            sagemaker.update_pipeline(**_request(pipeline, role_arn, description))
        tagged = _add_tags(sagemaker, existing["PipelineArn"], tags)
        return "updated" if tagged or not same else "unchanged"


def _describe(sagemaker: Any, name: str) -> dict[str, Any] | None:
    from botocore.exceptions import ClientError

    try:
        found: dict[str, Any] = sagemaker.describe_pipeline(PipelineName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFound":
            return None
        raise
    return found


def _request(pipeline: Compiled, role_arn: str, description: str) -> dict[str, str]:
    return {
        "PipelineName": pipeline.name,
        "PipelineDefinition": json.dumps(pipeline.definition),
        "PipelineDescription": description,
        "RoleArn": role_arn,
    }


def _same(existing: Mapping[str, Any], pipeline: Compiled, role_arn: str, description: str) -> bool:
    definition = json.loads(existing["PipelineDefinition"])
    there = (definition, existing.get("RoleArn"), existing.get("PipelineDescription", ""))
    return there == (pipeline.definition, role_arn, description)


def _add_tags(sagemaker: Any, arn: str, tags: Mapping[str, str]) -> bool:
    """True if a tag was missing or had another value."""
    if not tags:
        return False
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
    there = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
    missing = {key: value for key, value in tags.items() if there.get(key) != value}
    if missing:
        sagemaker.add_tags(ResourceArn=arn, Tags=_tag_list(missing))
    return bool(missing)


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def put_no_model(s3: Any, bucket: str) -> Outcome:
    """Puts the empty object, unless it is there: a conditional write, so that a versioned bucket gets one version."""
    from botocore.exceptions import ClientError

    with _told(f"s3://{bucket}/{NO_MODEL}"):
        try:
            s3.put_object(Bucket=bucket, Key=NO_MODEL, Body=b"", IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
            return "unchanged"
        return "created"


def start(sagemaker: Any, pipeline: Compiled, parameters: Mapping[str, Any]) -> str:
    """Starts an execution and returns its ARN. The same RunId starts only once (contracts.md)."""
    _check_parameters(pipeline, parameters)
    values = {name: _text(value) for name, value in parameters.items()}
    with _told(pipeline.name):
        answer = sagemaker.start_pipeline_execution(
            PipelineName=pipeline.name,
            PipelineParameters=as_list(values),
            ClientRequestToken=client_request_token(values["RunId"]),
        )
    return str(answer["PipelineExecutionArn"])


def _check_parameters(pipeline: Compiled, given: Mapping[str, Any]) -> None:
    declared = {parameter["Name"]: "DefaultValue" in parameter for parameter in pipeline.definition["Parameters"]}
    missing = [name for name, has_default in declared.items() if not has_default and name not in given]
    unknown = [name for name in given if name not in declared]
    problems = [f"{', '.join(missing)}: must be given."] if missing else []
    problems += [f"{', '.join(unknown)}: no such parameter."] if unknown else []
    if problems:
        raise PlatformError(f"--parameters: {' '.join(problems)} See docs/reference/pipelines.md.")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), sort_keys=True)


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Turns what AWS or the connection to it refuses into one line."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        details = error.response["Error"]
        refusal = f"{error.operation_name} was refused, got {details['Code']}: {details['Message']}."
        raise PlatformError(f"{what}: {refusal} Check the permissions of your AWS role and the settings.") from error
    except BotoCoreError as error:
        message = f"{what}: AWS could not be asked, got {type(error).__name__}: {error}"
        raise PlatformError(f"{message.rstrip('.')}. Check credentials, region and network.") from error


def _client(service: str, settings: Settings) -> Any:
    import boto3

    return boto3.client(service, region_name=settings.region)


def main(arguments: Sequence[str] | None = None) -> int:
    """Upserts the pipelines with the settings given or in the environment."""
    parser = argparse.ArgumentParser("python -m pipelines.upsert", description=main.__doc__)
    parser.add_argument("--kwargs", default="{}", help=KWARGS_HELP)
    parser.add_argument("--tags", default="{}", help='a JSON object, for instance {"team": "churn"}')
    return guarded(_print_upserts, parser.parse_args(arguments))


def _print_upserts(options: argparse.Namespace) -> int:
    settings, tags = given_settings(options.kwargs), _read_tags(options.tags)
    _warn_of_a_tag(settings.image_uri)
    for line in upsert_all(settings, tags):
        print(line, flush=True)
    return 0


def _warn_of_a_tag(image_uri: str) -> None:
    if "@sha256:" not in image_uri:
        why = "Behind a tag that moves, results of older code are re-used for 30 days."
        print(f"image_uri: should name a digest (@sha256:...), got {image_uri!r}. {why}", file=sys.stderr)


def run_pipeline(arguments: Sequence[str] | None = None) -> int:
    """Upserts one pipeline and starts an execution of it. Options as in SageMaker's own seed code."""
    parser = module_parser("run-pipeline", str(run_pipeline.__doc__))
    parser.add_argument("-role-arn", "--role-arn", help="the role of the pipeline and its jobs; else MLOPS_ROLE_ARN")
    parser.add_argument("-description", "--description", default=DESCRIPTION, help="the pipeline's description")
    parser.add_argument("-tags", "--tags", default="{}", help='[{"Key": "...", "Value": "..."}, ...]')
    parser.add_argument("-parameters", "--parameters", default="{}", help="the execution's, as JSON")
    return guarded(_run, parser.parse_args(arguments))


def _run(options: argparse.Namespace) -> int:
    settings = given_settings(options.kwargs, **({"role_arn": options.role_arn} if options.role_arn else {}))
    tags, parameters = _read_tags(options.tags), json_object("--parameters", options.parameters)
    pipeline = compile_module(options.module_name, settings)
    _check_parameters(pipeline, parameters)
    _warn_of_a_tag(settings.image_uri)
    sagemaker = _client("sagemaker", settings)
    print(f"{pipeline.name}: {upsert(sagemaker, pipeline, settings.role_arn, tags, options.description)}")
    print(f"{pipeline.name}: started {start(sagemaker, pipeline, parameters)}")
    return 0


def _read_tags(text: str) -> dict[str, str]:
    """Tags as an object, or as the list of keys and values that the seed code takes. Raises PlatformError."""
    try:
        given = json.loads(text)
        tags = given if isinstance(given, dict) else {tag["Key"]: tag["Value"] for tag in given}
        if all(isinstance(part, str) for tag in tags.items() for part in tag):
            return tags
    except (ValueError, KeyError, TypeError):
        pass
    raise PlatformError(f'--tags: must be a JSON object of texts, got {text!r}. Write it like {{"team": "churn"}}.')


if __name__ == "__main__":
    sys.exit(main())
