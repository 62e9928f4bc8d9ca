# One image for every step and for serving: SageMaker starts it as `python -m steps.<name>`, and as `serve` for endpoints.
# CPU only. The build fails where a wheel is missing: nothing is compiled here.
# PYTHON_IMAGE may name a digest (python:3.11-slim-bookworm@sha256:...); buildspec.yml passes the one that it resolved.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
RUN python -m venv /opt/venv
COPY constraints.txt setup.py pyproject.toml README.md LICENSE ./
COPY algorithms algorithms
COPY lambda_bridge lambda_bridge
COPY local local
COPY pipelines pipelines
COPY seed_code seed_code
COPY steps steps
RUN /opt/venv/bin/pip install --only-binary=:all: --no-binary=mlops-pipeline -c constraints.txt ".[rl]"

FROM ${PYTHON_IMAGE}
# No USER: SageMaker mounts /opt/ml as root's. Each step gives root up before it reads anything (steps/unprivileged.py).
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MLOPS_STEP_USER=mlops
COPY --from=build /opt/venv /opt/venv
RUN useradd --uid 1000 --create-home --shell /usr/sbin/nologin mlops
WORKDIR /home/mlops
EXPOSE 8080
CMD ["python", "-c", "print('Name a step: python -m steps.prepare, steps.train or steps.evaluate.')"]
