"""The committed pipeline definitions: valid requests of the service, shaped as the contract says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, ClassVar

import botocore.session
import pytest
import regex
from botocore.validate import ParamValidator

from algorithms.search import PLACE, SLOTS
from pipelines.consistency import MOST_INSTANCES
from pipelines.definitions import CHECK, PIPELINES, load_definition, pipeline_name
from pipelines.parameters import RunFacts, pipeline_parameters
from pipelines.reference import all_steps
from pipelines.request import parse_request, resolve
from pipelines.settings import EXAMPLE
from steps import prepare
from steps.prepared import ROWS_FOLDER

OPERATIONS = {
    "Processing": ("CreateProcessingJob", {"ProcessingJobName": "pipelines-a1b2c3d4e5f6-Step-0123456789"}),
    "Training": ("CreateTrainingJob", {"TrainingJobName": "pipelines-a1b2c3d4e5f6-Step-0123456789"}),
    "Tuning": ("CreateHyperParameterTuningJob", {"HyperParameterTuningJobName": "a1b2c3d4e5f6-Train-0123456789"}),
    "RegisterModel": ("CreateModelPackage", {}),
}

COMMON = {
    "RunId": "issue-1-attempt-1",
    "Algorithm": "random_forest",
    "Hyperparameters": '{"n_estimators":100}',
    "ModelPackageGroupName": "supervised-random-forest-wine-0a1b2c",
}
TABLE = {"DatasetId": "wine", "DatasetDigest": "0" * 64}
USUAL = {
    "supervised": COMMON | TABLE | {"EvaluationMetric": "rmse", "TaskType": "regression", "Target": "target"},
    "unsupervised": COMMON | TABLE | {"EvaluationMetric": "silhouette", "TaskType": "clustering"},
    "reinforcement": COMMON | {"EvaluationMetric": "mean_reward", "Environment": "CartPole-v1"},
}

SEARCH = {"SearchStrategy": "random", "TuningJobStrategy": "Random", "MaxTrainingJobs": 50, "RandomSeed": 2**31 - 1}
USUAL |= {f"{name}_tuning": USUAL[name] | SEARCH for name in ("supervised", "unsupervised")}
USUAL["supervised_distributed"] = USUAL["supervised"] | {"Algorithm": "xgboost", "InstanceCount": 3}

LONGEST = {
    "RunId": "issue-2147483647-attempt-6",
    "Algorithm": "a" * 40,
    "Hyperparameters": json.dumps({"a": "x" * 991}),
    "Preprocessing": json.dumps({"drop_columns": ["x" * 978]}),
    "ModelPackageGroupName": "g" * 63,
    "DatasetId": "d" * 64,
    "DatasetDigest": "f" * 64,
    "Target": "größe 列" * 32,
    "InstanceCount": MOST_INSTANCES,
    "SensitiveColumns": json.dumps(["größe 列" * 36], ensure_ascii=False),
    "Environment": "E" * 60 + "-v1",
    "Seed": 2**32 - 1,
    "ScoreThreshold": -1.7976931348623157e308,
    "PreviousModelUri": "s3://mlops-local/models/" + "g" * 63 + "/issue-2147483647-attempt-6/job/output/model.tar.gz",
    "PreviousModelPackageArn": f"arn:aws-us-gov:sagemaker:us-gov-west-1:111122223333:model-package/{'g' * 63}/1000000",
}


@cache
def service_model() -> Any:
    return botocore.session.get_session().get_service_model("sagemaker")


class Resolver:
    """Replaces the expressions of a definition by values, as the service does before it calls itself."""

    def __init__(self, definition: dict[str, Any], given: dict[str, Any]) -> None:
        self.steps = {step["Name"]: step for step in all_steps(definition["Steps"])}
        defaults = {p["Name"]: p["DefaultValue"] for p in definition["Parameters"] if "DefaultValue" in p}
        self.parameters = {**defaults, **given}

    def arguments(self, step: str) -> Any:
        return self.resolve(self.steps[step]["Arguments"])

    def resolve(self, value: Any) -> Any:
        match value:
            case {"Get": str(path)}:
                return self.get(path)
            case {"Std:Join": {"On": on, "Values": values}}:
                return on.join(str(self.resolve(item)) for item in values)
            case dict():
                return {key: self.resolve(item) for key, item in value.items()}
            case list():
                return [self.resolve(item) for item in value]
        return value

    def get(self, path: str) -> Any:
        if path.startswith("Parameters."):
            return self.parameters[path.removeprefix("Parameters.")]
        if path == "Execution.PipelineExecutionId":
            return "a1b2c3d4e5f6"
        if path == "Steps.Train.BestTrainingJob.TrainingJobName":
            return "a1b2c3d4e5f6-Train-0123456789-001-89abcdef"
        if path == "Steps.Train.ModelArtifacts.S3ModelArtifacts":
            folder = self.arguments("Train")["OutputDataConfig"]["S3OutputPath"]
            return f"{folder}/pipelines-a1b2c3d4e5f6-Train-0123456789/output/model.tar.gz"
        found = re.fullmatch(r"Steps\.(\w+)\.ProcessingOutputConfig\.Outputs\['(\w+)'\]\.S3Output\.S3Uri", path)
        assert found, f"unknown reference {path}"
        outputs = self.steps[found[1]]["Arguments"]["ProcessingOutputConfig"]["Outputs"]
        return self.resolve(next(output["S3Output"]["S3Uri"] for output in outputs if output["OutputName"] == found[2]))


def violations(value: Any, shape: Any, path: str) -> Iterator[str]:
    """Upper lengths, enums and patterns, which botocore's own ParamValidator leaves out."""
    limits = shape.metadata
    if isinstance(value, str | list | dict) and len(value) > limits.get("max", len(value)):
        yield f"{path}: {len(value)} is longer than {limits['max']}"
    if shape.type_name == "string":
        yield from text_violations(value, shape, path)
    for part, member, name in parts(value, shape):
        yield from violations(part, member, f"{path}.{name}")


def text_violations(value: str, shape: Any, path: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield f"{path}: {value!r} is not in {shape.name}"
    pattern = re.sub(r"\$\{\d+,\d+\}$", "", shape.metadata.get("pattern", ".*"))  # "${1,256}": no valid expression
    if not regex.fullmatch(pattern, value):
        yield f"{path}: {value[:60]!r} does not match {pattern}"


def parts(value: Any, shape: Any) -> list[tuple[Any, Any, str]]:
    """What a request's member consists of: value, shape and name of each part."""
    match shape.type_name:
        case "structure":
            return [(item, shape.members[key], key) for key, item in value.items()]
        case "map":
            keys = [(key, shape.key, "key") for key in value]
            return keys + [(item, shape.value, key) for key, item in value.items()]
        case "list":
            return [(item, shape.member, str(index)) for index, item in enumerate(value)]
    return []


def problems(learning_type: Any, given: dict[str, Any]) -> list[str]:
    """What the service would refuse in the requests of an execution with these parameters."""
    definition = load_definition(learning_type)
    resolver = Resolver(definition, given)
    found = [f"{name}: longer than 1024" for name, value in resolver.parameters.items() if len(str(value)) > 1024]
    for name, step in resolver.steps.items():
        if step["Type"] in OPERATIONS:
            operation, job = OPERATIONS[step["Type"]]
            shape = service_model().operation_model(operation).input_shape
            request = {**job, **resolver.arguments(name)}
            report = ParamValidator().validate(request, shape)
            found += [report.generate_report()] if report.has_errors() else list(violations(request, shape, name))
    return found


def declared(learning_type: Any) -> set[str]:
    return {parameter["Name"] for parameter in load_definition(learning_type)["Parameters"]}


def fitting(learning_type: Any, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in declared(learning_type)}


class TestModelCheck:
    VALUES: ClassVar = {
        "RunId": "issue-2147483647-rollback-2147483647",
        "ModelUri": "s3://bucket/models/g/r/model.tar.gz",
    }

    def test_its_request_is_valid(self) -> None:
        assert problems(CHECK, self.VALUES) == []

    def test_it_is_one_step_that_writes_below_its_run(self) -> None:
        resolver = Resolver(load_definition(CHECK), self.VALUES)
        assert list(resolver.steps) == ["CheckModel"]
        job = resolver.arguments("CheckModel")
        assert job["AppSpecification"]["ContainerEntrypoint"] == ["python", "-m", "steps.check_model"]
        (output,) = job["ProcessingOutputConfig"]["Outputs"]
        assert output["S3Output"]["S3Uri"] == f"s3://{EXAMPLE.bucket}/evaluations/{self.VALUES['RunId']}"
        assert job["NetworkConfig"]["EnableNetworkIsolation"] is True


@pytest.mark.parametrize("learning_type", PIPELINES)
class TestDefinition:
    def test_usual_requests_are_valid(self, learning_type: Any) -> None:
        assert problems(learning_type, USUAL[learning_type]) == []

    def test_longest_values_are_valid(self, learning_type: Any) -> None:
        assert problems(learning_type, USUAL[learning_type] | fitting(learning_type, LONGEST)) == []

    def test_every_parameter_is_used(self, learning_type: Any) -> None:
        text = json.dumps(load_definition(learning_type)["Steps"])
        assert set(re.findall(r'"Get": "Parameters\.(\w+)"', text)) == declared(learning_type)

    def test_steps(self, learning_type: Any) -> None:
        steps = list(all_steps(load_definition(learning_type)["Steps"]))
        assert [(step["Name"], step["Type"]) for step in steps] == [
            ("Prepare", "Processing"),
            ("Train", "Tuning" if learning_type.endswith("_tuning") else "Training"),
            ("Evaluate", "Processing"),
            ("CheckScore", "Condition"),
            ("RegisterModel", "RegisterModel"),
            ("BelowThreshold", "Fail"),
        ]
        assert all(step["DisplayName"] and step["Description"] for step in steps)

    def test_entry_points_and_image(self, learning_type: Any) -> None:
        resolver = Resolver(load_definition(learning_type), USUAL[learning_type])
        for name, key in [("Prepare", "AppSpecification"), ("Evaluate", "AppSpecification")]:
            job = resolver.arguments(name)[key]
            assert job["ContainerEntrypoint"] == ["python", "-m", f"steps.{name.lower()}"]
            assert job["ImageUri"] == EXAMPLE.image_uri
        train = resolver.arguments("Train")
        training = train.get("TrainingJobDefinition", train)["AlgorithmSpecification"]
        entry_point = (
            {} if learning_type.endswith("_tuning") else {"ContainerEntrypoint": ["python", "-m", "steps.train"]}
        )
        assert {key: training[key] for key in ("ContainerEntrypoint",) if key in training} == entry_point
        assert training["TrainingImage"] == EXAMPLE.image_uri

    def test_only_prepare_is_cached_and_every_call_is_retried(self, learning_type: Any) -> None:
        steps = {step["Name"]: step for step in all_steps(load_definition(learning_type)["Steps"])}
        assert [name for name, step in steps.items() if "CacheConfig" in step] == ["Prepare"]
        assert steps["Prepare"]["CacheConfig"] == {"Enabled": True, "ExpireAfter": "P30D"}
        for name in ("Prepare", "Train", "Evaluate"):
            retried = {kind for policy in steps[name]["RetryPolicies"] for kind in policy["ExceptionType"]}
            assert {"Step.THROTTLING", "SageMaker.CAPACITY_ERROR", "SageMaker.RESOURCE_LIMIT"} <= retried
            assert all(p["BackoffRate"] > 1 and p["MaxAttempts"] > 1 for p in steps[name]["RetryPolicies"])

    def test_every_job_is_tagged_with_project_issue_and_attempt(self, learning_type: Any) -> None:
        given = USUAL[learning_type] | {"Issue": "12", "Attempt": "3"}
        resolver = Resolver(load_definition(learning_type), given)
        for job in ("Prepare", "Train", "Evaluate"):
            tags = {tag["Key"]: tag["Value"] for tag in resolver.arguments(job)["Tags"]}
            assert tags == {"project": "mlops-pipeline", "issue": "12", "attempt": "3"}
        assert "Tags" not in resolver.arguments("RegisterModel")  # refused: a version takes those of its group

    def test_condition(self, learning_type: Any) -> None:
        steps = {step["Name"]: step for step in all_steps(load_definition(learning_type)["Steps"])}
        (condition,) = steps["CheckScore"]["Arguments"]["Conditions"]
        assert condition == {
            "Type": "GreaterThanOrEqualTo",
            "LeftValue": {
                "Std:JsonGet": {
                    "PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.EvaluationReport"},
                    "Path": "metrics.primary.score",
                }
            },
            "RightValue": {"Get": "Parameters.ScoreThreshold"},
        }
        assert [step["Name"] for step in steps["CheckScore"]["Arguments"]["IfSteps"]] == ["RegisterModel"]

    def test_failure_names_run_and_threshold(self, learning_type: Any) -> None:
        given = USUAL[learning_type] | {"ScoreThreshold": 0.9}
        message = Resolver(load_definition(learning_type), given).arguments("BelowThreshold")["ErrorMessage"]
        assert "issue-1-attempt-1" in message
        assert "0.9" in message

    def test_registered_version_tells_its_origin(self, learning_type: Any) -> None:
        request = Resolver(load_definition(learning_type), USUAL[learning_type]).arguments("RegisterModel")
        usual = USUAL[learning_type]
        origin = {key: usual[name] for key, name in ORIGIN.items() if name in usual}
        assert request["CustomerMetadataProperties"] == origin | {"seed": "0"}
        assert request["ModelApprovalStatus"] == "PendingManualApproval"
        assert request["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"] == (
            "s3://mlops-local/evaluations/issue-1-attempt-1/evaluation.json"
        )
        assert ("ModelDataQuality" in request["ModelMetrics"]) == ("DatasetId" in usual)

    def test_no_parameter_but_the_previous_model_reaches_another_bucket(self, learning_type: Any) -> None:
        names = ("DatasetId", "Environment", "RunId", "ModelPackageGroupName")
        hostile = dict.fromkeys(names, "../../../s3://other")
        given = USUAL[learning_type] | fitting(learning_type, hostile)
        resolver = Resolver(load_definition(learning_type), given)
        calls = [name for name, step in resolver.steps.items() if step["Type"] in OPERATIONS]
        text = json.dumps([resolver.arguments(name) for name in calls])
        uris = re.findall(r'"(s3://[^"]+)"', text)
        assert len(uris) > 8
        assert {uri.split("/")[2] for uri in uris} == {EXAMPLE.bucket}

    def test_the_definition_fits_the_service(self, learning_type: Any) -> None:
        text = json.dumps(load_definition(learning_type))
        shape = service_model().shape_for("CreatePipelineRequest")
        name = pipeline_name(learning_type)
        request = {"PipelineName": name, "PipelineDefinition": text, "RoleArn": EXAMPLE.role_arn}
        assert list(violations(request, shape, "CreatePipeline")) == []
        assert len(text) < 100_000  # the SDK would send a longer one through S3

    def test_every_metric_and_task_is_allowed(self, learning_type: Any) -> None:
        from algorithms.metrics import LEARNING_TYPE_OF, METRICS

        enums = {p["Name"]: p.get("EnumValues") for p in load_definition(learning_type)["Parameters"]}
        tasks = [task for task, owner in LEARNING_TYPE_OF.items() if owner == learning_type.partition("_")[0]]
        assert enums["EvaluationMetric"] == [name for name, metric in METRICS.items() if metric.task_type in tasks]
        assert enums.get("TaskType", tasks) == tasks
        assert enums["Algorithm"] is None


ORIGIN = {
    "run_id": "RunId",
    "algorithm": "Algorithm",
    "metric": "EvaluationMetric",
    "dataset_id": "DatasetId",
    "dataset_digest": "DatasetDigest",
    "environment": "Environment",
}


def test_dataset_stays_in_its_prefix() -> None:
    resolver = Resolver(load_definition("supervised"), USUAL["supervised"])
    prepare = resolver.arguments("Prepare")
    assert [i["S3Input"]["S3Uri"] for i in prepare["ProcessingInputs"]] == ["s3://mlops-local/datasets/wine/raw/"]
    outputs = [o["S3Output"]["S3Uri"] for o in prepare["ProcessingOutputConfig"]["Outputs"]]
    folder = "s3://mlops-local/datasets/wine/processed/a1b2c3d4e5f6"
    assert outputs == [f"{folder}/{name}" for name in ("train", "test", "report")]
    assert prepare["Environment"] == {"DATASET_DIGEST": "0" * 64}


def test_environment_needs_no_data() -> None:
    resolver = Resolver(load_definition("reinforcement"), USUAL["reinforcement"])
    prepare = resolver.arguments("Prepare")
    assert "ProcessingInputs" not in prepare
    assert prepare["AppSpecification"]["ContainerArguments"] == [
        *("--task", "control", "--environment", "CartPole-v1", "--seed", "0")
    ]


REQUESTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "supervised-short": ("supervised", {"algorithm": "random_forest", "dataset_id": "wine"}),
    "supervised-long": (
        "supervised",
        {
            "algorithm": "linear_regression",
            "dataset_id": "d" * 64,
            "target": "größe" * 51,
            "evaluation_metric": "rmse",
            "evaluation_threshold": 3000,
            "preprocessing": {"drop_columns": ["c" * 900], "duplicates": "drop"},
            "seed": 2**32 - 1,
        },
    ),
    "unsupervised-clusters": ("unsupervised", {"algorithm": "kmeans", "dataset_id": "a_b-c"}),
    "unsupervised-components": ("unsupervised", {"algorithm": "pca", "dataset_id": "x", "hyperparameters": {}}),
    "reinforcement": ("reinforcement", {"algorithm": "dqn", "environment": "CartPole-v1"}),
}


@pytest.mark.parametrize("with_previous", [False, True], ids=["first", "next"])
@pytest.mark.parametrize(("learning_type", "body"), REQUESTS.values(), ids=REQUESTS)
def test_requests_become_parameters_of_the_definition(learning_type: Any, body: Any, with_previous: bool) -> None:
    request = resolve(parse_request({"learning_type": learning_type, **body}))
    previous = (LONGEST["PreviousModelUri"], LONGEST["PreviousModelPackageArn"]) if with_previous else (None, None)
    digest = "" if learning_type == "reinforcement" else "f" * 64
    given = pipeline_parameters(request, RunFacts(99, 6, digest, *previous))
    kinds = {"String": str, "Integer": int, "Float": float}
    parameters = {p["Name"]: p for p in load_definition(learning_type)["Parameters"]}
    assert set(given) <= set(parameters)
    assert {name for name, p in parameters.items() if "DefaultValue" not in p} <= set(given)
    for name, value in given.items():
        assert type(value) is kinds[parameters[name]["Type"]], name
        assert value in parameters[name].get("EnumValues", [value])
    assert problems(learning_type, given) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"Target": "t" * 257}, "257 is longer than 256"),
        ({"DatasetDigest": "emoji 🙂"}, "does not match"),
        ({"ModelPackageGroupName": "under_score"}, "does not match"),
        ({"InstanceType": "ml.huge"}, "is not in TrainingInstanceType"),
        ({"Hyperparameters": "x" * 1025}, "longer than 1024"),
        ({"RunId": 7, "Seed": None}, ""),
    ],
    ids=["long-target", "metadata-characters", "group-name", "instance-type", "long-parameter", "types"],
)
def test_this_check_can_fail(values: dict[str, Any], expected: str) -> None:
    found = problems("supervised", USUAL["supervised"] | values)
    assert any(expected in problem for problem in found), found


class TestTuning:
    """The tuning pipelines differ from the others in Train alone."""

    @pytest.mark.parametrize("learning_type", ["supervised", "unsupervised"])
    def test_the_other_steps_are_the_same(self, learning_type: Any) -> None:
        plain, tuned = (
            {step["Name"]: step for step in all_steps(load_definition(key)["Steps"])}
            for key in (learning_type, f"{learning_type}_tuning")
        )
        assert list(plain) == list(tuned)
        assert plain["Prepare"] == tuned["Prepare"]
        assert plain["BelowThreshold"] == tuned["BelowThreshold"]

    def test_the_job_searches_places_and_reads_the_line_that_train_prints(self) -> None:
        request = Resolver(load_definition("supervised_tuning"), USUAL["supervised_tuning"]).arguments("Train")
        config, training = request["HyperParameterTuningJobConfig"], request["TrainingJobDefinition"]
        ranges = config["ParameterRanges"]["ContinuousParameterRanges"]
        assert [(r["Name"], r["MinValue"], r["MaxValue"]) for r in ranges] == [
            (f"{PLACE}{number}", "0", "1") for number in range(1, SLOTS + 1)
        ]
        assert config["ResourceLimits"] == {"MaxNumberOfTrainingJobs": 50, "MaxParallelTrainingJobs": 2}
        assert (config["Strategy"], config["RandomSeed"]) == ("Random", 2**31 - 1)
        (metric,) = training["AlgorithmSpecification"]["MetricDefinitions"]
        assert re.search(metric["Regex"], "objective: -0.125")[1] == "-0.125"  # type: ignore[index]
        static = training["StaticHyperParameters"]
        assert (static["metric"], static["strategy"], static["algorithm"]) == ("rmse", "random", "random_forest")

    def test_the_model_is_that_of_the_best_job(self) -> None:
        resolver = Resolver(load_definition("supervised_tuning"), USUAL["supervised_tuning"])
        inputs = {
            each["InputName"]: each["S3Input"]["S3Uri"] for each in resolver.arguments("Evaluate")["ProcessingInputs"]
        }
        folder = resolver.arguments("Train")["TrainingJobDefinition"]["OutputDataConfig"]["S3OutputPath"]
        assert inputs["model"] == f"{folder}/a1b2c3d4e5f6-Train-0123456789-001-89abcdef/output/model.tar.gz"
        (container,) = resolver.arguments("RegisterModel")["InferenceSpecification"]["Containers"]
        assert container["ModelDataUrl"] == inputs["model"]


class TestSeveralInstances:
    def requests(self) -> dict[str, Any]:
        resolver = Resolver(load_definition("supervised_distributed"), USUAL["supervised_distributed"])
        return {name: resolver.arguments(name) for name in ("Prepare", "Train")}

    def test_each_gets_some_of_the_rows_and_all_the_schema(self) -> None:
        found = self.requests()
        outputs = found["Prepare"]["ProcessingOutputConfig"]["Outputs"]
        (train,) = (output["S3Output"]["S3Uri"] for output in outputs if output["OutputName"] == "train")
        sources = {one["ChannelName"]: one["DataSource"]["S3DataSource"] for one in found["Train"]["InputDataConfig"]}
        assert {name: (one["S3Uri"], one["S3DataDistributionType"]) for name, one in sources.items()} == {
            "train": (f"{train}/{ROWS_FOLDER}/", "ShardedByS3Key"),
            "schema": (f"{train}/schema.json", "FullyReplicated"),
        }

    def test_the_number_reaches_train_and_prepare(self) -> None:
        found = self.requests()
        assert found["Train"]["ResourceConfig"]["InstanceCount"] == 3
        arguments = found["Prepare"]["AppSpecification"]["ContainerArguments"]
        assert arguments[arguments.index("--instances") + 1] == "3"

    def test_what_they_tell_each_other_is_encrypted_and_they_reach_nobody_else(self) -> None:
        train = self.requests()["Train"]
        assert train["EnableInterContainerTrafficEncryption"] is True
        assert train["EnableNetworkIsolation"] is True

    def test_nothing_else_differs_from_one_instance(self) -> None:
        plain, several = (
            {step["Name"]: step for step in all_steps(load_definition(key)["Steps"])}
            for key in ("supervised", "supervised_distributed")
        )
        assert [name for name in plain if plain[name] != several[name]] == ["Prepare", "Train"]
        for arguments in (plain["Train"]["Arguments"], several["Train"]["Arguments"]):
            for key in ("InputDataConfig", "ResourceConfig", "EnableInterContainerTrafficEncryption"):
                arguments.pop(key, None)
        assert plain["Train"] == several["Train"]

    def test_steps_know_the_same_limit(self) -> None:
        assert MOST_INSTANCES == prepare.MOST_INSTANCES
