"""The emulator with the deployed template, and SageMaker and GitHub beside it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import boto3
import requests
import uvicorn

from local.events import ExecutionChanged, StepChanged
from local.sagemaker import LocalSageMaker
from local.web.sagemaker import create_sagemaker_app
from local.workspace import Workspace

REGION, ACCOUNT = "eu-west-1", "123456789012"
SOURCE = "test.sagemaker"
"""EventBridge takes events of `aws.` sources from AWS alone (PutEvents)."""
LOCAL_BUCKET = "mlops-local"
KINDS = {
    ExecutionChanged: "SageMaker Model Building Pipeline Execution Status Change",
    StepChanged: "SageMaker Model Building Pipeline Execution Step Status Change",
}
CONTROLS = ("HOME", "LANG", "PATH")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Emulator:
    """ministack as a process, on loopback, with nothing of this environment but `CONTROLS`."""

    def __init__(self, program: Path, folder: Path, environment: dict[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._unpacked = folder / "unpacked"
        self._unpacked.mkdir()
        kept = {name: value for name, value in os.environ.items() if name in CONTROLS}
        given = {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "AWS_XRAY_SDK_ENABLED": "false",
            "TMPDIR": str(self._unpacked),
            **environment,
        }
        self._log = (folder / "emulator.log").open("w")
        self.process = subprocess.Popen(
            [program], env=kept | given, cwd=folder, stdout=self._log, stderr=self._log, start_new_session=True
        )

    def client(self, service: str) -> Any:
        """A boto3 client of the emulator."""
        keys = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "none"}
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, **keys)

    def log(self, function: str) -> list[str]:
        """What a function printed, the runtime's own lines included; nothing if it was never called."""
        groups = {found["logGroupName"] for found in self.client("logs").describe_log_groups()["logGroups"]}
        name = f"/aws/lambda/{function}"
        events = self.client("logs").filter_log_events(logGroupName=name)["events"] if name in groups else []
        return [event["message"] for event in events]

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            return requests.get(f"{self.url}/_ministack/health", timeout=2).ok
        except requests.RequestException:
            return False

    def close(self) -> None:
        """Ends it and its functions, and removes the packages that it unpacked, 60 MB each time one is started."""
        os.killpg(self.process.pid, signal.SIGKILL)  # asked to end, it waits for open connections
        self.process.wait()
        self._log.close()
        shutil.rmtree(self._unpacked, ignore_errors=True)


class SageMaker:
    """Runs the committed pipelines; its files go to the emulator's bucket, its events to the emulator's EventBridge."""

    def __init__(self, workspace: Workspace, options: Any) -> None:
        self.workspace = workspace
        self.cloud: Emulator | None = None
        self.bucket = ""
        self.local = LocalSageMaker(workspace, self._hear, options)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        config = uvicorn.Config(create_sagemaker_app(self.local), port=self.port, log_config=None, lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()

    def serve(self, cloud: Emulator, bucket: str) -> None:
        """From now on files and events go there."""
        self.cloud, self.bucket = cloud, bucket

    def _hear(self, event: Any) -> None:
        kind = KINDS.get(type(event))
        if kind is None or self.cloud is None:
            return
        self._upload()
        name = event.execution_arn.split("/")[1]
        detail = {
            "pipelineExecutionArn": event.execution_arn,
            "pipelineArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/{name}",
        }
        entry = {"Source": SOURCE, "DetailType": kind, "Detail": json.dumps(detail)}
        self.cloud.client("events").put_events(Entries=[entry])

    def _upload(self) -> None:
        assert self.cloud is not None
        s3, root = self.cloud.client("s3"), self.workspace.root / "s3" / LOCAL_BUCKET
        for file in (root / "evaluations").rglob("*"):
            if file.is_file():
                s3.put_object(Bucket=self.bucket, Key=file.relative_to(root).as_posix(), Body=file.read_bytes())

    def close(self) -> None:
        """Ends server and steps, and leaves the workspace."""
        self._server.should_exit = True
        self._thread.join()
        self.local.close()
        self.workspace.close()
