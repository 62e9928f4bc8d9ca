"""The zip files of a deployment: the functions' package, and the source that CodeBuild builds.

Both are reproducible: the same files make the same bytes. Their names end in their digest, so that CloudFormation sees
what is new.
"""

from __future__ import annotations

import hashlib
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from algorithms.errors import PlatformError
from pipelines.prices import read_prices
from seed_code.project_template.options import PYTHONS

PROJECT = Path(__file__).parents[2]
REQUIREMENTS = (
    "aws-lambda-powertools[tracer]",
    "markdown-it-py",
    "pydantic",
    "PyGithub",
    "PyYAML",
    "requests",
    "tenacity",
)
"""What `lambda_bridge` imports. Versions are those of constraints.txt."""
PROVIDED = ("boto3", "botocore", "s3transfer", "dateutil", "six.py")
"""Lambda's runtimes bring boto3 and what it needs."""
NEEDLESS = ("__pycache__", "bin", "RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
OWN = ("algorithms", "lambda_bridge", "pipelines")
MAKERS = (
    *("building", "compile", "plan", "table_pipeline", "upsert"),
    *(
        "model_check",
        "supervised",
        "supervised_distributed",
        "supervised_tuning",
        "unsupervised",
        "unsupervised_tuning",
    ),
    "reinforcement",
)
"""Of `pipelines`: they need the SageMaker SDK, which is not in the package."""
PLATFORM = "manylinux2014_x86_64"
"""Older than both systems that Lambda's Python runs on, Amazon Linux 2 and 2023."""
MOMENT = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip file can name."""
LEFT_OUT = (".git", ".venv", ".mlops", "build", "cdk.out", "dist", "node_modules")
"""Of the source, where there is no git to ask."""
DIGITS = 16


@dataclass(frozen=True)
class Package:
    """A zip file. `digest` are the first hex digits of its SHA-256."""

    path: Path
    digest: str

    @property
    def size(self) -> int:
        """In bytes."""
        return self.path.stat().st_size

    def __str__(self) -> str:
        return f"{self.path.name}: {self.size / 1e6:.1f} MB"


def lambda_package(folder: Path, python: str) -> Package:
    """The functions' package for a version of Python, such as 3.11. Raises PlatformError where pip cannot make it."""
    libraries = _libraries(python)
    files = {file.relative_to(libraries).as_posix(): file for file in _wanted(libraries)}
    return _zip(folder, "mlops-lambda", {**files, **own_files()})


def source_package(folder: Path) -> Package:
    """What git tracks of the checkout, as it is now, and prices.json: other files may hold secrets."""
    files = {file.relative_to(PROJECT).as_posix(): file for file in source_files()}
    return _zip(folder, "mlops-source", files)


def code_version(package: Package) -> str:
    """What stands in history records as the version of the code."""
    return f"{version('mlops-pipeline')} (package {package.digest})"


def own_files(project: Path = PROJECT) -> dict[str, Path]:
    """The project's part of the functions' package: name in the zip file -> file.

    An operator may have added prices. Raises PlatformError where that file is none.
    """
    left_out = {f"pipelines/{name}.py" for name in MAKERS}
    found = (file for name in OWN for file in (project / name).rglob("*") if file.suffix in (".py", ".json"))
    named = {file.relative_to(project).as_posix(): file for file in found}
    prices = project / "prices.json"
    if prices.exists():
        read_prices(prices)  # the functions would refuse to start
    priced = {prices.name: prices} if prices.exists() else {}
    return {**{name: file for name, file in named.items() if name not in left_out}, **priced}


def main() -> int:
    """`python -m seed_code.project_template.package`: makes the functions' package in `build/` and prints its size."""
    try:
        print(lambda_package(PROJECT / "build", PYTHONS[0]))
    except PlatformError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _libraries(python: str) -> Path:
    """The folder with what the bridge needs of others; made once for each set of versions."""
    constraints = PROJECT / "constraints.txt"
    key = hashlib.sha256("\n".join((constraints.read_text(), python, *REQUIREMENTS)).encode()).hexdigest()[:DIGITS]
    folder = PROJECT / "build" / f"lambda-{key}"
    if not folder.exists():
        started = folder.with_suffix(".part")
        shutil.rmtree(started, ignore_errors=True)
        _install(started, python, constraints)
        started.rename(folder)
    return folder


def _install(folder: Path, python: str, constraints: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--target", str(folder), "--constraint", str(constraints), "--only-binary", ":all:"]
    command += ["--implementation", "cp", "--python-version", python, "--platform", PLATFORM]
    done = subprocess.run([*command, *REQUIREMENTS], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise PlatformError(f"The functions' package: pip could not make it. It says: {done.stderr.strip()[-2000:]}")


def _wanted(libraries: Path) -> Iterable[Path]:
    for file in libraries.rglob("*"):
        parts = file.relative_to(libraries).parts
        needless = any(part in NEEDLESS for part in parts) or _is_provided(parts[0])
        if file.is_file() and not needless:
            yield file


def _is_provided(name: str) -> bool:
    """Whether a folder is of a library that Lambda has, or tells about one."""
    library = name.split("-")[0].removeprefix("python_") if name.endswith(".dist-info") else name
    return library in PROVIDED or f"{library}.py" in PROVIDED


def source_files(project: Path = PROJECT) -> list[Path]:
    """What git tracks, and prices.json; where there is no git, all but what is made."""
    git = ["git", "-C", str(project), "ls-files", "-z"]
    if (project / ".git").exists():
        listed = subprocess.run(git, capture_output=True, text=True, check=True).stdout  # noqa: S603
        found = [project / name for name in ("prices.json", *listed.split("\0")) if name]
        return [file for file in found if file.is_file()]
    every = (file for file in project.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return [file for file in every if file.relative_to(project).parts[0] not in LEFT_OUT]


def _zip(folder: Path, stem: str, files: Mapping[str, Path]) -> Package:
    """Entries in the order of their names, with one time and plain permissions."""
    folder.mkdir(parents=True, exist_ok=True)
    started = folder / f"{stem}.part"
    with zipfile.ZipFile(started, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            archive.writestr(_entry(name, files[name]), files[name].read_bytes())
    digest = hashlib.sha256(started.read_bytes()).hexdigest()[:DIGITS]
    return Package(started.rename(folder / f"{stem}-{digest}.zip"), digest)


def _entry(name: str, file: Path) -> zipfile.ZipInfo:
    runs = bool(file.stat().st_mode & stat.S_IXUSR)
    entry = zipfile.ZipInfo(name, MOMENT)
    entry.create_system = 3  # Unix, whatever makes it
    entry.external_attr = (stat.S_IFREG | (0o755 if runs else 0o644)) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


if __name__ == "__main__":
    sys.exit(main())
