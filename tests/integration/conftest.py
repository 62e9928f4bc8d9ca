"""Small pipelines for the local runner: real definition JSON, steps of a few lines."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.engine import EngineOptions
from local.events import Event, StepChanged
from local.sagemaker import LocalSageMaker
from local.workspace import Workspace

Json = dict[str, Any]
BUCKET = "s3://mlops-local"
EXECUTION = {"Get": "Execution.PipelineExecutionId"}
PREPARE = "import shutil; shutil.copy(ml / 'processing/input/raw/data.csv', ml / 'processing/output/train/data.csv')"
TRAIN = """
parameters = json.loads((ml / 'input/config/hyperparameters.json').read_text())
assert (ml / 'input/data/train/data.csv').exists()
print('progress: 1/1 round', flush=True)
(ml / 'model/model.json').write_text(parameters['score'])
"""
EVALUATE = """
import tarfile
model = tarfile.open(ml / 'processing/input/model/model.tar.gz').extractfile('model.json').read()
(ml / 'processing/output/evaluation/evaluation.json').write_text('{"metrics": [{"score": %s}]}' % model.decode())
"""


class Build:
    """Definitions and their parts, as the SageMaker SDK compiles them."""

    bucket = BUCKET
    execution = EXECUTION
    prepare_code, train_code, evaluate_code = PREPARE, TRAIN, EVALUATE

    @staticmethod
    def command(code: str) -> list[str]:
        head = "import json, os, pathlib, sys, time; ml = pathlib.Path(os.environ['MLOPS_ML_ROOT'])\n"
        return ["python", "-c", head + code]

    @staticmethod
    def join(*values: Any) -> Json:
        return {"Std:Join": {"On": "/", "Values": list(values)}}

    def processing(
        self, name: str, code: str, inputs: dict[str, Any] | None = None, outputs: tuple[str, ...] = (), **more: Any
    ) -> Json:
        arguments = more.pop("arguments", {})
        return {
            "Name": name,
            "Type": "Processing",
            "Arguments": {
                "AppSpecification": {"ImageUri": "image:1", "ContainerEntrypoint": self.command(code)},
                "ProcessingInputs": [
                    {
                        "InputName": key,
                        "S3Input": {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/input/{key}"},
                    }
                    for key, uri in (inputs or {}).items()
                ],
                "ProcessingOutputConfig": {
                    "Outputs": [
                        {
                            "OutputName": key,
                            "S3Output": {
                                "S3Uri": self.join(BUCKET, "out", EXECUTION, name, key),
                                "LocalPath": f"/opt/ml/processing/output/{key}",
                            },
                        }
                        for key in outputs
                    ]
                },
                **arguments,
            },
            **more,
        }

    def training(self, code: str, channels: dict[str, Any] | None = None, **more: Any) -> Json:
        arguments = more.pop("arguments", {})
        return {
            "Name": "Train",
            "Type": "Training",
            "Arguments": {
                "AlgorithmSpecification": {"TrainingImage": "image:1", "ContainerEntrypoint": self.command(code)},
                "HyperParameters": {"score": {"Get": "Parameters.Score"}},
                "InputDataConfig": [
                    {"ChannelName": key, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}}
                    for key, uri in (channels or {}).items()
                ],
                "OutputDataConfig": {"S3OutputPath": self.join(BUCKET, "models")},
                **arguments,
            },
            **more,
        }

    @staticmethod
    def output(step: str, name: str) -> Json:
        return {"Get": f"Steps.{step}.ProcessingOutputConfig.Outputs['{name}'].S3Output.S3Uri"}

    @staticmethod
    def fail(name: str = "BelowThreshold") -> Json:
        message = {"Std:Join": {"On": " ", "Values": ["below", {"Get": "Parameters.Threshold"}]}}
        return {"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": message}}

    @staticmethod
    def register() -> Json:
        model = {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}
        return {
            "Name": "RegisterModel",
            "Type": "RegisterModel",
            "Arguments": {
                "ModelPackageGroupName": "toys",
                "ModelApprovalStatus": "PendingManualApproval",
                "InferenceSpecification": {"Containers": [{"Image": "image:1", "ModelDataUrl": model}]},
                "CustomerMetadataProperties": {"score": {"Get": "Parameters.Score"}},
            },
        }

    def condition(self) -> Json:
        score = {
            "Std:JsonGet": {
                "PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.Report"},
                "Path": "metrics[0].score",
            }
        }
        right = {"Get": "Parameters.Threshold"}
        return {
            "Name": "CheckScore",
            "Type": "Condition",
            "Arguments": {
                "Conditions": [{"Type": "GreaterThanOrEqualTo", "LeftValue": score, "RightValue": right}],
                "IfSteps": [self.register()],
                "ElseSteps": [self.fail()],
            },
        }

    def evaluation(self, code: str, inputs: dict[str, Any] | None = None) -> Json:
        report = [{"PropertyFileName": "Report", "OutputName": "evaluation", "FilePath": "evaluation.json"}]
        return self.processing("Evaluate", code, inputs, ("evaluation",), PropertyFiles=report)

    def definition(self, *steps: Json) -> Json:
        parameters = [
            {"Name": "Score", "Type": "String", "DefaultValue": "0.9"},
            {"Name": "Threshold", "Type": "Float", "DefaultValue": 0.5},
            {"Name": "RunId", "Type": "String", "DefaultValue": ""},
        ]
        return {"Version": "2020-12-01", "Metadata": {}, "Parameters": parameters, "Steps": list(steps)}

    def whole(self, prepare: str = PREPARE, train: str = TRAIN, evaluate: str = EVALUATE, **prepare_more: Any) -> Json:
        """Prepare → Train → Evaluate → Condition → RegisterModel | Fail."""
        model = {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}
        return self.definition(
            self.condition(),
            self.evaluation(evaluate, {"model": model}),
            self.training(train, {"train": self.output("Prepare", "train")}),
            self.processing("Prepare", prepare, {"raw": f"{BUCKET}/raw/"}, ("train",), **prepare_more),
        )


def _runs_below(process: psutil.Process, root: Path) -> bool:
    try:
        alive = process.status() != psutil.STATUS_ZOMBIE
        return alive and process.environ().get("MLOPS_ML_ROOT", "").startswith(str(root))
    except psutil.Error:
        return False


class Machine:
    """A workspace with a client, and what its listener heard."""

    def __init__(self, root: Path, **options: Any) -> None:
        self.workspace = Workspace(root, "test")
        self.workspace.objects.put_bytes(b"a\n1\n", f"{BUCKET}/raw/data.csv")
        self.events: list[Event] = []
        self.sagemaker = LocalSageMaker(self.workspace, self.events.append, EngineOptions(**options))

    def start(self, definition: Json, **parameters: str) -> str:
        self.sagemaker.upsert_pipeline("toy", json.dumps(definition))
        given = [{"Name": name, "Value": value} for name, value in parameters.items()]
        started = self.sagemaker.start_pipeline_execution(PipelineName="toy", PipelineParameters=given)
        return str(started["PipelineExecutionArn"])

    def run(self, definition: Json, **parameters: str) -> Json:
        """The execution when it has ended."""
        return self.sagemaker.wait(self.start(definition, **parameters), timeout_seconds=60)

    def steps(self, execution: Json | str) -> dict[str, Json]:
        arn = execution if isinstance(execution, str) else execution["PipelineExecutionArn"]
        answer = self.sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn, SortOrder="Ascending")
        return {step["StepName"]: step for step in answer["PipelineExecutionSteps"]}

    def keys(self, prefix: str) -> list[str]:
        return [found.uri.removeprefix(f"{BUCKET}/") for found in self.workspace.objects.list(f"{BUCKET}/{prefix}")]

    def processes(self) -> list[int]:
        """Of the steps: these and their children have a folder of the workspace in their environment."""
        return [process.pid for process in psutil.process_iter() if _runs_below(process, self.workspace.root)]

    def wait_until_no_process_is_left(self) -> None:
        """A process that was killed takes a moment to go."""
        for _ in range(1000):
            if not self.processes():
                return
            time.sleep(0.01)
        raise AssertionError("a process of a step is still there")

    def wait_for_step(self, name: str) -> None:
        """Until a step has started its process, as far as its first line of output tells."""
        deadline = threading.Event()
        for _ in range(2000):
            if any(getattr(event, "step", "") == name and not isinstance(event, StepChanged) for event in self.events):
                return
            deadline.wait(0.01)
        raise AssertionError(f"{name} did not start")

    def close(self) -> None:
        self.sagemaker.close()
        self.workspace.close()


@pytest.fixture
def build() -> Build:
    return Build()


@pytest.fixture
def make_machine(tmp_path: Path) -> Iterator[Callable[..., Machine]]:
    """`make_machine(**engine options)`; the workspace is `tmp_path/ws`."""
    machines: list[Machine] = []

    def make(**options: Any) -> Machine:
        machines.append(Machine(tmp_path / "ws", **options))
        return machines[-1]

    yield make
    for machine in machines:
        machine.close()


@pytest.fixture
def machine(make_machine: Callable[..., Machine]) -> Machine:
    return make_machine()
