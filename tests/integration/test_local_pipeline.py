"""Pipelines run by the local runner: order, data, decisions, caching, retries, failures."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import tarfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.events import ExecutionChanged, StepChanged, StepProgress

RETRY = {"ExceptionType": ["SageMaker.CAPACITY_ERROR"], "IntervalSeconds": 2, "BackoffRate": 3.0, "MaxAttempts": 2}
FAIL_WITH = "(ml / 'output').mkdir(exist_ok=True); (ml / 'output/message').write_text({message!r}); sys.exit(1)"


def fail_with(message: str) -> str:
    return FAIL_WITH.format(message=message)


class TestWholePipeline:
    def test_registers_a_model_that_meets_the_threshold(self, machine: Any, build: Any) -> None:
        ended = machine.run(build.whole(), RunId="issue-1-attempt-1")
        assert ended["PipelineExecutionStatus"] == "Succeeded"
        steps = machine.steps(ended)
        assert list(steps) == ["Prepare", "Train", "Evaluate", "CheckScore", "RegisterModel"]
        assert steps["CheckScore"]["Metadata"] == {"Condition": {"Outcome": "True"}}
        package = machine.sagemaker.describe_model_package(
            ModelPackageName=steps["RegisterModel"]["Metadata"]["RegisterModel"]["Arn"]
        )
        assert (package["ModelPackageVersion"], package["ModelApprovalStatus"]) == (1, "PendingManualApproval")
        assert package["CustomerMetadataProperties"] == {"score": "0.9"}
        model = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
        with tarfile.open(fileobj=io.BytesIO(machine.workspace.objects.read(model, 10_000))) as archive:
            assert archive.getnames() == ["model.json"]

    def test_refuses_a_model_below_the_threshold(self, machine: Any, build: Any) -> None:
        ended = machine.run(build.whole(), Score="0.4")
        steps = machine.steps(ended)
        assert ended["PipelineExecutionStatus"] == "Failed"
        assert ended["FailureReason"] == "Step failure: BelowThreshold: below 0.5"
        assert steps["BelowThreshold"]["Metadata"] == {"Fail": {"ErrorMessage": "below 0.5"}}
        assert steps["CheckScore"]["Metadata"] == {"Condition": {"Outcome": "False"}}
        assert machine.sagemaker.list_model_packages()["ModelPackageSummaryList"] == []

    @pytest.mark.parametrize("score", ["NaN", "Infinity", "1e999", "null", '"0.9"', "true"])
    def test_a_score_that_is_no_finite_number_never_passes(self, machine: Any, build: Any, score: str) -> None:
        report = f'{{"metrics": [{{"score": {score}}}]}}'
        code = f"(ml / 'processing/output/evaluation/evaluation.json').write_text({report!r})"
        condition = build.condition()
        condition["Arguments"] |= {"IfSteps": [build.fail("Passed")]}
        ended = machine.run(build.definition(build.evaluation(code), condition))
        assert machine.steps(ended)["CheckScore"]["StepStatus"] == "Failed"
        assert "Passed" not in machine.steps(ended)

    def test_tells_each_change_and_the_progress(self, machine: Any, build: Any) -> None:
        arn = machine.run(build.whole())["PipelineExecutionArn"]
        assert machine.events[0] == ExecutionChanged(arn, "Executing")
        assert machine.events[-1] == ExecutionChanged(arn, "Succeeded")
        assert StepProgress(arn, "Train", 1, 1, "round") in machine.events
        changes = [(event.step, event.status) for event in machine.events if isinstance(event, StepChanged)]
        assert changes[:4] == [(n, s) for n in ("Prepare", "Train") for s in ("Executing", "Succeeded")]

    def test_a_listener_that_fails_disturbs_nothing(self, machine: Any, build: Any, caplog: Any) -> None:
        machine.sagemaker._engine._listener = lambda event: 1 / 0
        assert machine.run(build.whole())["PipelineExecutionStatus"] == "Succeeded"
        assert "the listener failed" in caplog.text

    def test_leaves_logs_by_run_and_no_job_folder(self, machine: Any, build: Any) -> None:
        machine.run(build.whole(), RunId="issue-1-attempt-1")
        machine.run(build.whole(), RunId="../escape")
        logs = sorted(path.name for path in machine.workspace.logs.iterdir())
        assert "issue-1-attempt-1" in logs
        assert len(logs) == 2
        assert (machine.workspace.logs / "issue-1-attempt-1/Train.log").read_text() == "progress: 1/1 round\n"
        assert list(machine.workspace.jobs.iterdir()) == []

    def test_the_same_training_gives_the_same_bytes(self, machine: Any, build: Any) -> None:
        for _ in range(2):
            machine.run(build.whole())
        models = [found for found in machine.workspace.objects.list(f"{build.bucket}/models/") if found.size]
        assert len(models) == 2
        assert len({found.etag for found in models}) == 1

    def test_a_model_can_stay_unpacked(self, machine: Any, build: Any) -> None:
        step = build.training("(ml / 'model/a').touch()")
        step["Arguments"]["OutputDataConfig"]["CompressionType"] = "NONE"
        ended = machine.run(build.definition(step))
        execution = ended["PipelineExecutionArn"].rpartition("/")[2]
        assert f"models/pipelines-{execution}-Train/output/model/a" in machine.keys("models/")

    def test_versions_count_up_and_can_be_approved(self, machine: Any, build: Any) -> None:
        for _ in range(3):
            machine.run(build.whole())
        client = machine.sagemaker
        second = client.list_model_packages(ModelPackageGroupName="toys")["ModelPackageSummaryList"][1]
        client.update_model_package(ModelPackageArn=second["ModelPackageArn"], ModelApprovalStatus="Approved")
        approved = client.list_model_packages(ModelApprovalStatus="Approved")["ModelPackageSummaryList"]
        assert [package["ModelPackageVersion"] for package in approved] == [2]


class TestOrder:
    def test_independent_steps_run_side_by_side(self, make_machine: Any, build: Any) -> None:
        meet = (
            "me, other = sys.argv[1:]\n"
            "print('x', flush=True)\n"
            "pathlib.Path({folder!r}, me).touch()\n"
            "while not pathlib.Path({folder!r}, other).exists(): time.sleep(0.01)\n"
        )
        machine = make_machine(parallel=2)
        steps = []
        for name, other in (("A", "B"), ("B", "A")):
            step = build.processing(name, meet.format(folder=str(machine.workspace.root)))
            step["Arguments"]["AppSpecification"]["ContainerArguments"] = [name, other]
            steps.append(step)
        assert machine.run(build.definition(*steps))["PipelineExecutionStatus"] == "Succeeded"

    def test_no_more_than_parallel_steps_run_at_once(self, make_machine: Any, build: Any) -> None:
        machine = make_machine(parallel=1)
        machine.run(build.definition(*[build.processing(name, "pass") for name in "ABC"]))
        changes = [event.status for event in machine.events if isinstance(event, StepChanged)]
        assert changes == ["Executing", "Succeeded"] * 3

    def test_depends_on_orders_steps_without_data(self, machine: Any, build: Any) -> None:
        first = build.processing("Last", "pass", DependsOn=["Middle"])
        middle = build.processing("Middle", "pass", DependsOn=["Early"])
        ended = machine.run(build.definition(first, middle, build.processing("Early", "pass")))
        assert list(machine.steps(ended)) == ["Early", "Middle", "Last"]

    def test_nothing_starts_after_a_failure(self, make_machine: Any, build: Any) -> None:
        machine = make_machine(parallel=1)
        broken = build.processing("Broken", "sys.exit(3)")
        after = build.processing("After", "pass", DependsOn=["Broken"])
        ended = machine.run(build.definition(broken, after))
        assert ended["PipelineExecutionStatus"] == "Failed"
        assert list(machine.steps(ended)) == ["Broken"]


class TestEnvironment:
    def test_a_step_sees_no_variable_of_the_parent(self, machine: Any, build: Any, monkeypatch: Any) -> None:
        monkeypatch.setenv("GITHUB_TOKEN", "secret-of-the-parent")
        code = "(ml / 'processing/output/env/env.json').write_text(json.dumps(dict(os.environ, cwd=os.getcwd())))"
        step = build.processing("Look", code, outputs=("env",), arguments={"Environment": {"OWN": "value"}})
        ended = machine.run(build.definition(step))
        execution = ended["PipelineExecutionArn"].rpartition("/")[2]
        text = machine.workspace.objects.read(f"{build.bucket}/out/{execution}/Look/env/env.json", 100_000)
        seen = json.loads(text)
        assert b"secret-of-the-parent" not in text
        assert seen["OWN"] == "value"
        assert Path(seen["HOME"]).parent == Path(seen["cwd"]) == Path(seen["MLOPS_ML_ROOT"]).parent

    def test_training_finds_the_contract(self, machine: Any, build: Any) -> None:
        code = """
for name in ('hyperparameters', 'inputdataconfig', 'resourceconfig'):
    (ml / f'model/{name}.json').write_text((ml / f'input/config/{name}.json').read_text())
"""
        step = build.training(code, {"train": f"{build.bucket}/raw/data.csv"})
        ended = machine.run(build.definition(step))
        uri = machine.keys("models/pipelines-" + ended["PipelineExecutionArn"].rpartition("/")[2] + "-Train")
        content = machine.workspace.objects.read(f"{build.bucket}/{uri[0]}", 10_000)
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            found = {member.name: json.load(archive.extractfile(member)) for member in archive}  # type: ignore[arg-type]
        assert found["hyperparameters.json"] == {"score": "0.9"}
        assert found["inputdataconfig.json"]["train"]["TrainingInputMode"] == "File"
        assert found["resourceconfig.json"]["current_host"] == "algo-1"


BROKEN = {
    "own_message": (fail_with('{"error": "DatasetError"}'), '{"error": "DatasetError"}'),
    "no_message": ("sys.exit(3)", "exit code 3 and left no failure message"),
    "crash": ("raise ValueError('boom')", "exit code 1 and left no failure message"),
    "killed": ("os.kill(os.getpid(), 9)", "killed by signal 9 (SIGKILL)"),
    "segfault": ("os.kill(os.getpid(), 11)", "killed by signal 11 (SIGSEGV)"),
    "no_output": ("pass", "output 'made': the step ended with exit code 0 but wrote no file"),
    "link": ("os.symlink('/etc/passwd', ml / 'processing/output/made/x')", "must be a regular file"),
    "long_message": (fail_with("x" * 9000), "x" * 1024),
}


class TestFailures:
    @pytest.mark.parametrize(("code", "reason"), BROKEN.values(), ids=BROKEN)
    def test_each_has_its_own_reason_and_leaves_nothing(self, machine: Any, build: Any, code: str, reason: str) -> None:
        ended = machine.run(build.definition(build.processing("Broken", code, outputs=("made",))))
        step = machine.steps(ended)["Broken"]
        assert (ended["PipelineExecutionStatus"], step["StepStatus"]) == ("Failed", "Failed")
        assert reason in step["FailureReason"]
        assert len(step["FailureReason"]) <= 1024
        assert machine.keys("out/") == []

    def test_time_limit(self, machine: Any, build: Any) -> None:
        code = "import subprocess; subprocess.Popen(['sleep', '61']); print('x', flush=True); time.sleep(61)"
        limit = {"StoppingCondition": {"MaxRuntimeInSeconds": 1}}
        ended = machine.run(build.definition(build.processing("Slow", code, arguments=limit)))
        assert "longer than 1 seconds (MaxRuntimeInSeconds)" in machine.steps(ended)["Slow"]["FailureReason"]
        machine.wait_until_no_process_is_left()

    def test_training_that_writes_no_model(self, machine: Any, build: Any) -> None:
        ended = machine.run(build.definition(build.training("pass")))
        assert "model: the step ended with exit code 0" in machine.steps(ended)["Train"]["FailureReason"]

    def test_training_failure_file(self, machine: Any, build: Any) -> None:
        code = "(ml / 'output/failure').write_text('no memory'); sys.exit(1)"
        assert (
            machine.steps(machine.run(build.definition(build.training(code))))["Train"]["FailureReason"] == "no memory"
        )

    def test_missing_input(self, machine: Any, build: Any) -> None:
        ended = machine.run(build.definition(build.processing("A", "pass", {"raw": f"{build.bucket}/nowhere/"})))
        assert "input 'raw': s3://mlops-local/nowhere/: there is no such object" in ended["FailureReason"]

    @pytest.mark.parametrize(
        "uri", ["s3://mlops-local/../../etc/passwd", "/etc/passwd", "s3://other/../x", "file:///etc/passwd"]
    )
    def test_an_input_outside_the_store(self, machine: Any, build: Any, uri: str) -> None:
        ended = machine.run(build.definition(build.processing("A", "pass", {"raw": uri})))
        assert "object URI: " in ended["FailureReason"]

    @pytest.mark.parametrize("path", ["/etc", "/opt/ml/../../etc", "relative"])
    def test_a_local_path_outside_the_container(self, machine: Any, build: Any, path: str) -> None:
        step = build.processing("A", "pass", {"raw": f"{build.bucket}/raw/"})
        step["Arguments"]["ProcessingInputs"][0]["S3Input"]["LocalPath"] = path
        assert "LocalPath: must lie below /opt/ml" in machine.run(build.definition(step))["FailureReason"]

    def test_arguments_of_another_shape(self, machine: Any, build: Any) -> None:
        step = {"Name": "A", "Type": "Processing", "Arguments": {"ProcessingInputs": [{"InputName": "x"}]}}
        assert "are not those of a Processing step" in machine.run(build.definition(step))["FailureReason"]

    def test_an_entry_point_that_does_not_exist(self, machine: Any, build: Any) -> None:
        step = build.processing("A", "pass")
        step["Arguments"]["AppSpecification"]["ContainerEntrypoint"] = ["no-such-program"]
        assert "exit code 127" in machine.run(build.definition(step))["FailureReason"]

    def test_a_job_needs_an_entry_point(self, machine: Any, build: Any) -> None:
        step = build.processing("A", "pass")
        del step["Arguments"]["AppSpecification"]["ContainerEntrypoint"]
        assert "ContainerEntrypoint: is needed" in machine.run(build.definition(step))["FailureReason"]

    def test_inputs_of_another_kind(self, machine: Any, build: Any) -> None:
        step = build.training("pass", {"train": f"{build.bucket}/raw/"})
        step["Arguments"]["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3DataType"] = "ManifestFile"
        assert "S3DataType must be S3Prefix here" in machine.run(build.definition(step))["FailureReason"]

    def test_a_property_file_that_no_step_has(self, machine: Any, build: Any) -> None:
        condition = build.condition()
        condition["Arguments"]["IfSteps"] = []
        ended = machine.run(build.definition(build.processing("Evaluate", "pass"), condition))
        assert "property file 'Report': step 'Evaluate' has none" in ended["FailureReason"]

    def test_an_expression_of_another_shape(self, machine: Any, build: Any) -> None:
        step = {"Name": "A", "Type": "Fail", "Arguments": {"ErrorMessage": {"Std:Join": {"On": "x"}}}}
        assert "hold an expression that is none" in machine.run(build.definition(step))["FailureReason"]

    def test_an_illegal_group(self, machine: Any, build: Any) -> None:
        register = build.register()
        register["Arguments"] = {"ModelPackageGroupName": "a_b"}
        assert "ModelPackageGroupName: must be" in machine.run(build.definition(register))["FailureReason"]

    def test_a_machine_that_cannot_start_a_process(self, machine: Any, build: Any, monkeypatch: Any) -> None:
        def refuse(*_: Any, **__: Any) -> None:
            raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

        monkeypatch.setattr("local.workers.subprocess.Popen", refuse)
        ended = machine.run(build.definition(build.processing("A", "pass")))
        assert "process: cannot be started, Resource temporarily unavailable." in ended["FailureReason"]

    def test_a_model_that_is_gone_is_not_registered(self, machine: Any, build: Any) -> None:
        register = build.register()
        model = f"{build.bucket}/models/gone.tar.gz"
        register["Arguments"]["InferenceSpecification"]["Containers"][0]["ModelDataUrl"] = model
        assert f"ModelDataUrl: there is no object {model}" in machine.run(build.definition(register))["FailureReason"]
        assert machine.sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"] == []


class Waits:
    """Stands for the clock: waits are written down, and time passes at once."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def pause(self, event: threading.Event, seconds: float) -> None:
        self.waited.append(seconds)

    def clock(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=sum(self.waited))


class TestRetries:
    def counted(self, root: Path, succeed_at: int, error: str = "PlatformError") -> str:
        """Code that fails until its `succeed_at`-th attempt."""
        return (
            f"count = pathlib.Path({str(root / 'count')!r}); done = count.read_text() if count.exists() else ''\n"
            f"count.write_text(done + 'x')\nif len(done) + 1 < {succeed_at}:\n    "
            + fail_with(json.dumps({"error": error}))
        )

    def test_a_platform_error_is_tried_again(self, make_machine: Any, build: Any, tmp_path: Path) -> None:
        waits = Waits()
        machine = make_machine(pause=waits.pause, clock=waits.clock)
        step = build.processing("A", self.counted(tmp_path, 3), RetryPolicies=[RETRY])
        ended = machine.run(build.definition(step))
        assert ended["PipelineExecutionStatus"] == "Succeeded"
        assert machine.steps(ended)["A"]["AttemptCount"] == 3
        assert waits.waited == [2, 6]

    def test_until_the_attempts_are_used_up(self, make_machine: Any, build: Any, tmp_path: Path) -> None:
        waits = Waits()
        machine = make_machine(pause=waits.pause)
        step = build.processing("A", self.counted(tmp_path, 99), RetryPolicies=[RETRY])
        ended = machine.run(build.definition(step))
        assert machine.steps(ended)["A"]["AttemptCount"] == 3
        assert "PlatformError" in ended["FailureReason"]

    @pytest.mark.parametrize("error", ["DatasetError", "InternalError"])
    def test_other_errors_are_not(self, make_machine: Any, build: Any, tmp_path: Path, error: str) -> None:
        waits = Waits()
        machine = make_machine(pause=waits.pause)
        step = build.processing("A", self.counted(tmp_path, 2, error), RetryPolicies=[RETRY])
        assert machine.run(build.definition(step))["PipelineExecutionStatus"] == "Failed"
        assert waits.waited == []

    def test_a_stop_ends_the_wait(self, machine: Any, build: Any, tmp_path: Path) -> None:
        policy = {**RETRY, "IntervalSeconds": 3600}
        step = build.processing("A", "print('x', flush=True)\n" + self.counted(tmp_path, 9), RetryPolicies=[policy])
        arn = machine.start(build.definition(step))
        machine.wait_for_step("A")
        machine.sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
        assert machine.sagemaker.wait(arn, 20)["PipelineExecutionStatus"] == "Stopped"


class TestCache:
    CACHE = {"Enabled": True, "ExpireAfter": "P30D"}

    def test_the_same_arguments_are_not_run_twice(self, machine: Any, build: Any) -> None:
        first = machine.run(build.whole(CacheConfig=self.CACHE))
        second = machine.run(build.whole(CacheConfig=self.CACHE), Score="0.8")
        steps = machine.steps(second)
        assert steps["Prepare"]["CacheHitResult"] == {"SourcePipelineExecutionArn": first["PipelineExecutionArn"]}
        assert "CacheHitResult" not in steps["Train"]
        assert second["PipelineExecutionStatus"] == "Succeeded"
        third = machine.steps(machine.run(build.whole(CacheConfig=self.CACHE)))
        assert third["Prepare"]["CacheHitResult"] == {"SourcePipelineExecutionArn": first["PipelineExecutionArn"]}

    def changed_environment(self, build: Any) -> Any:
        return build.whole(CacheConfig=self.CACHE, arguments={"Environment": {"DIGEST": "2"}})

    def changed_code(self, build: Any) -> Any:
        return build.whole(build.prepare_code + "\npass", CacheConfig=self.CACHE)

    def not_cached(self, build: Any) -> Any:
        return build.whole()

    @pytest.mark.parametrize("change", ["changed_environment", "changed_code", "not_cached"])
    def test_other_arguments_are_run(self, machine: Any, build: Any, change: str) -> None:
        machine.run(build.whole(CacheConfig=self.CACHE))
        ended = machine.run(getattr(self, change)(build))
        assert "CacheHitResult" not in machine.steps(ended)["Prepare"]

    def test_other_code_is_run(self, machine: Any, build: Any, monkeypatch: Any) -> None:
        machine.run(build.whole(CacheConfig=self.CACHE))
        monkeypatch.setattr("local.cache.code_digest", lambda: "corrected")
        ended = machine.run(build.whole(CacheConfig=self.CACHE))
        assert "CacheHitResult" not in machine.steps(ended)["Prepare"]

    def test_outputs_and_resources_do_not_count(self, machine: Any, build: Any) -> None:
        machine.run(build.whole(CacheConfig=self.CACHE))
        resources = {"ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.xlarge"}}}
        ended = machine.run(build.whole(CacheConfig=self.CACHE, arguments=resources))
        assert "CacheHitResult" in machine.steps(ended)["Prepare"]

    def test_results_that_are_gone_or_old_are_made_again(self, make_machine: Any, build: Any) -> None:
        waits = Waits()
        machine = make_machine(clock=waits.clock)
        definition = build.whole(CacheConfig=self.CACHE)
        machine.run(definition)
        for key in machine.keys("out/"):
            (machine.workspace.root / "s3/mlops-local" / key).unlink()
        waits.waited.append(1)
        assert "CacheHitResult" not in machine.steps(machine.run(definition))["Prepare"]
        waits.waited.append(31 * 24 * 3600)
        assert "CacheHitResult" not in machine.steps(machine.run(definition))["Prepare"]

    def test_a_failure_is_never_re_used(self, machine: Any, build: Any) -> None:
        broken = build.definition(build.processing("A", "sys.exit(1)", CacheConfig=self.CACHE))
        for _ in range(2):
            step = machine.steps(machine.run(broken))["A"]
            assert (step["StepStatus"], "CacheHitResult" in step) == ("Failed", False)


class TestStop:
    def test_ends_the_running_step_and_its_children(self, machine: Any, build: Any) -> None:
        code = "import subprocess; subprocess.Popen(['sleep', '62']); print('x', flush=True); time.sleep(62)"
        arn = machine.start(build.definition(build.processing("Slow", code)))
        machine.wait_for_step("Slow")
        assert len(machine.processes()) >= 2
        for _ in range(2):
            machine.sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
        ended = machine.sagemaker.wait(arn, 20)
        assert ended["PipelineExecutionStatus"] == "Stopped"
        assert "FailureReason" not in ended
        assert machine.steps(arn)["Slow"]["StepStatus"] == "Stopped"
        assert machine.events[-1] == ExecutionChanged(arn, "Stopped")
        machine.wait_until_no_process_is_left()

    def test_an_execution_that_has_ended_cannot_be_stopped(self, machine: Any, build: Any) -> None:
        ended = machine.run(build.definition(build.processing("A", "pass")))
        with pytest.raises(ClientError, match="has Succeeded already"):
            machine.sagemaker.stop_pipeline_execution(PipelineExecutionArn=ended["PipelineExecutionArn"])


class TestClose:
    def test_a_closed_runner_can_go_on_later(self, make_machine: Any, build: Any, tmp_path: Path) -> None:
        gate = tmp_path / "gate"
        train = (
            f"print('x', flush=True)\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)\n" + build.train_code
        )
        machine = make_machine()
        arn = machine.start(build.whole(train=train))
        machine.wait_for_step("Train")
        machine.close()
        gate.touch()
        machine = make_machine()
        assert machine.steps(arn)["Train"]["StepStatus"] == "Executing"
        assert machine.sagemaker.resume(arn) == [arn]
        assert machine.sagemaker.wait(arn, 60)["PipelineExecutionStatus"] == "Succeeded"
        counts = {name: step["AttemptCount"] for name, step in machine.steps(arn).items()}
        assert counts == {"Prepare": 1, "Train": 2, "Evaluate": 1, "CheckScore": 1, "RegisterModel": 1}
        assert machine.sagemaker.resume() == []


def test_a_start_with_the_same_token_is_the_same_execution(machine: Any, build: Any) -> None:
    machine.sagemaker.upsert_pipeline("toy", json.dumps(build.whole()))
    request = {"PipelineName": "toy", "ClientRequestToken": hashlib.sha256(b"run").hexdigest()}
    first, second = (machine.sagemaker.start_pipeline_execution(**request) for _ in range(2))
    assert first == second
    machine.sagemaker.wait(first["PipelineExecutionArn"], 60)
    assert machine.sagemaker.start_pipeline_execution(**request) == first
    with pytest.raises(ClientError, match="ConflictException"):
        machine.sagemaker.start_pipeline_execution(**request, PipelineParameters=[{"Name": "Score", "Value": "1"}])
    assert len(machine.sagemaker.list_model_packages()["ModelPackageSummaryList"]) == 1


def test_a_defect_of_the_runner_is_told_and_the_execution_can_go_on(machine: Any, build: Any, monkeypatch: Any) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(machine.sagemaker._executions, "end_step", broken)
        arn = machine.start(build.whole())
        with pytest.raises(RuntimeError, match="disk is gone"):
            machine.sagemaker.wait(arn, 30)
    assert machine.sagemaker.resume() == [arn]
    assert machine.sagemaker.wait(arn, 60)["PipelineExecutionStatus"] == "Succeeded"
