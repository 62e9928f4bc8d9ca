"""Pipeline executions on one machine: as on AWS, and with the place in the queue."""

from __future__ import annotations

from dataclasses import replace

from lambda_bridge.aws import SageMakerPipelines
from lambda_bridge.ports import Execution
from local.sagemaker import LocalSageMaker


class LocalPipelines(SageMakerPipelines):
    """The pipelines of the local SageMaker."""

    def __init__(self, sagemaker: LocalSageMaker) -> None:
        super().__init__(sagemaker)
        self._sagemaker = sagemaker

    def describe(self, arn: str) -> Execution:
        """See `lambda_bridge.ports.Pipelines`."""
        return replace(super().describe(arn), queued=self._sagemaker.position(arn))
