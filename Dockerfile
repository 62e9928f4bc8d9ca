# One image for every step and for serving: SageMaker starts `python -m steps.<name>`, `serve` for endpoints, and `train`
# for the jobs of a tuning job.
# CPU only. The build fails where a wheel is missing: nothing is compiled here.
# PYTHON_IMAGE may name a digest (python:3.11-slim-bookworm@sha256:...); .ci/image passes the one that it resolved.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
# PyTorch's own index has the builds for CPUs; those of PyPI bring gigabytes of CUDA.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
RUN python -m venv /opt/venv
# The libraries alone: a layer that stays as long as their versions do. The empty files are named in pyproject.toml.
COPY constraints.txt setup.py pyproject.toml ./
RUN touch README.md LICENSE \
    && /opt/venv/bin/pip install --only-binary=:all: --no-binary=mlops-pipeline --extra-index-url "${TORCH_INDEX}" \
        -c constraints.txt ".[rl]" \
    && rm /opt/venv/bin/mlops

FROM ${PYTHON_IMAGE}
# No USER: SageMaker mounts /opt/ml as root's. Steps and `serve` give root up before they read anything
# (steps/unprivileged.py; "Custom Inference Code with Hosting Services" wants a container that starts as root).
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/opt/mlops PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MLOPS_STEP_USER=mlops
RUN useradd --uid 1000 --create-home --shell /usr/sbin/nologin mlops \
    && printf '#!/bin/sh\nexec python -m steps.serve\n' > /usr/local/bin/serve \
    && printf '#!/bin/sh\nexec python -m steps.train\n' > /usr/local/bin/train \
    && chmod 755 /usr/local/bin/serve /usr/local/bin/train
COPY --from=build /opt/venv /opt/venv
COPY algorithms /opt/mlops/algorithms
COPY steps /opt/mlops/steps
WORKDIR /home/mlops
EXPOSE 8080
CMD ["python", "-c", "print('Name a step: python -m steps.prepare, steps.train or steps.evaluate; or serve.')"]
