"""Serves the model in /opt/ml/model as SageMaker wants it: `docker run IMAGE serve`, or `python -m steps.serve`.

SageMaker ends a container with SIGTERM, and with SIGKILL thirty seconds later ("Custom Inference Code with Hosting
Services", SageMaker Developer Guide).
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from algorithms.errors import MissingExtraError, RequestError
from steps.capture import DataCapture
from steps.container import Paths
from steps.predictor import load_predictor
from steps.serving_app import Service
from steps.unprivileged import give_up_root

if TYPE_CHECKING:
    from uvicorn import Server

PORT = 8080
CAPTURE_VARIABLE = "MLOPS_CAPTURE_DIR"
CLOSING_SECONDS = 20
"""For the requests that are under way when SIGTERM comes."""
MOST_CONNECTIONS = 512


def capture_from(environment: Mapping[str, str]) -> DataCapture | None:
    """The capture into the folder that MLOPS_CAPTURE_DIR names; None where it is unset or empty."""
    folder = environment.get(CAPTURE_VARIABLE)
    return DataCapture(Path(folder)) if folder else None


def port_from(environment: Mapping[str, str]) -> int:
    """8080, or the one that SageMaker gives to one of several containers on a machine."""
    return int(environment.get("SAGEMAKER_BIND_TO_PORT") or PORT)


def create_server(service: Service, port: int) -> Server:
    """The web server, which ends on SIGTERM and SIGINT. It listens at every address of the container."""
    from uvicorn import Config, Server

    return Server(
        Config(
            service.app,
            host="0.0.0.0",  # noqa: S104 (the container's own network)
            port=port,
            lifespan="off",
            access_log=False,
            log_level="warning",
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=75,  # longer than SageMaker's front keeps an idle connection
            timeout_graceful_shutdown=CLOSING_SECONDS,
        )
    )


def main() -> int:
    """The entry point; returns the exit code: 0, or 1 where there is no model that can be served."""
    logging.basicConfig(level=logging.WARNING)
    paths = Paths.from_environment()
    give_up_root(paths.root)
    try:
        predictor = load_predictor(paths.model)
    except (MissingExtraError, RequestError) as error:
        print(" ".join(str(error).split("\n")), file=sys.stderr)
        return 1
    service = Service(predictor, capture=capture_from(os.environ))
    print(f"serving {predictor.manifest.algorithm} on port {port_from(os.environ)}", flush=True)
    try:
        create_server(service, port_from(os.environ)).run()
    finally:
        service.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
