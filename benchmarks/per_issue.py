"""What an issue costs besides its jobs: state transitions, calls, requests of AWS and GitHub. Counted, not timed.

`python benchmarks/per_issue.py` runs issues through the real functions and the real workflow, with AWS in memory (moto,
the local SageMaker and Step Functions) and the local GitHub, prints a table and writes it to `results/per_issue.md`.

EventBridge is taken at its busiest: each event of a pipeline calls `pipeline_event` once. DynamoDB's units follow "Read
and write operations" of its developer guide: a write takes one for each KB of the item, again in each index that holds
it; a consistent read one for each 4 KB, a query half of that.

The dollars are the counts at list prices of us-east-1, without free tiers: for the order of magnitude. Prices change
and differ by region; the pages that they are from are named beside them.
"""

from __future__ import annotations

import logging
import math
import os
import queue
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
RESULT = PROJECT / "benchmarks/results/per_issue.md"
POLICIES, CONFORMANCE = PROJECT / "tests/aws/policies", PROJECT / "tests/conformance"
NOWHERE = "http://127.0.0.1:9/"
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "b",
    "AWS_ENDPOINT_URL_SAGEMAKER": NOWHERE,
    "AWS_ENDPOINT_URL_SFN": NOWHERE,
}
FUNCTIONS = ("webhook", "task", "pipeline_event", "sweep")
S3_CLASSES = {"GetObject": "S3 GET", "HeadObject": "S3 GET", "ListObjectsV2": "S3 LIST", "PutObject": "S3 PUT"}
ROWS = (
    "state transitions",
    *(f"calls of {name}" for name in FUNCTIONS),
    "DynamoDB write units",
    "DynamoDB read units",
    *dict.fromkeys(S3_CLASSES.values()),
    "SageMaker requests",
    "Step Functions requests",
    "SNS messages",
    "Secrets Manager requests",
    "GitHub requests",
    "of them writing",
    "answered 304 besides",
    "Lambda GB-seconds",
    "US dollars",
)
SERVICES = {
    "sagemaker": "SageMaker requests",
    "states": "Step Functions requests",
    "sns": "SNS messages",
    "secretsmanager": "Secrets Manager requests",
}
MILLION = 1e6
PRICES = {  # US dollars for one, list prices of us-east-1
    "state transitions": 25 / MILLION,  # aws.amazon.com/step-functions/pricing, Standard
    **{f"calls of {name}": 0.20 / MILLION for name in FUNCTIONS},  # aws.amazon.com/lambda/pricing
    "Lambda GB-seconds": 16.67 / MILLION,  # the same page, x86
    "DynamoDB write units": 0.625 / MILLION,  # aws.amazon.com/dynamodb/pricing/on-demand
    "DynamoDB read units": 0.125 / MILLION,  # the same page
    "S3 GET": 0.4 / MILLION,  # aws.amazon.com/s3/pricing, Standard
    "S3 LIST": 5 / MILLION,  # the same page
    "S3 PUT": 5 / MILLION,  # the same page
    "SNS messages": 20 / MILLION,  # aws.amazon.com/sns/pricing, e-mail
    "Secrets Manager requests": 5 / MILLION,  # aws.amazon.com/secrets-manager/pricing
}
MEMORY = 0.5
"""GB of each function (`MEMORY_MB` of `seed_code.project_template.functions`)."""
SECONDS = {"GitHub requests": 0.2, "SageMaker requests": 0.1, "Step Functions requests": 0.05}
"""What a function is taken to wait for an answer: assumed, not measured."""
ANSWERED = re.compile(r'"(?P<method>[A-Z]+) \S+ HTTP/1.1" (?P<status>\d+)')
Counts = Counter[str]


def main() -> None:
    """Counts, prints and writes."""
    os.environ.update(ENVIRONMENT)
    sys.path[:0] = [str(path) for path in (PROJECT, POLICIES, CONFORMANCE)]
    text = table(count())
    print(text)
    RESULT.write_text(text + "\n")


def count() -> dict[str, Counts]:
    """What happens -> how much of each row it takes."""
    import boto3
    from deployment import Deployment
    from moto import mock_aws
    from stories import HELPS, IRIS, QUICK, Told

    from local.datasets import add_dataset
    from local.workspace import Workspace

    with tempfile.TemporaryDirectory() as folder, mock_aws(), Workspace(Path(folder)) as workspace:
        boto3.setup_default_session(region_name=ENVIRONMENT["AWS_REGION"])
        add_dataset(workspace.objects, "iris", IRIS)
        counted = Counted(Deployment(workspace, QUICK))
        told = Told(counted.deployment)

        def at_once() -> None:
            told.until(told.opened(trees=92), "registered")

        def after_a_reply() -> None:
            issue = told.opened(trees=10)
            told.until(issue, "waiting")
            told.say(issue, HELPS)
            told.until(issue, "registered")

        try:
            at_once()  # cold: secrets, the lists of the hour
            return {
                "registered in one attempt": counted.during(at_once),
                "registered after one reply": counted.during(after_a_reply),
                "a sweep with nothing to do": counted.during(told.sweep),
            }
        finally:
            counted.deployment.close()


class EveryEvent:
    """In the place of the news, which tells of several events once."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell = tell
        self._heard: queue.SimpleQueue[str] = queue.SimpleQueue()

    def put(self, execution: str) -> None:
        """Something happened to an execution."""
        self._heard.put(execution)

    def run_due(self) -> bool:
        """Tells of one event. False: there is none."""
        if self._heard.empty():
            return False
        self._tell(self._heard.get())
        return True


class Counted:
    """A deployment, and what is asked for while something happens in it."""

    def __init__(self, deployment: Any) -> None:
        import boto3

        self.deployment = deployment
        self._counts: Counts = Counter()
        self._call = deployment.call
        deployment.call = self._invoked
        deployment.news = EveryEvent(deployment.tell)
        events = boto3.DEFAULT_SESSION.events  # type: ignore[attr-defined]
        events.register("after-call.dynamodb", self._read)
        requests = logging.getLogger("urllib3.connectionpool")
        requests.setLevel(logging.DEBUG)
        requests.propagate = False
        requests.addHandler(ToGitHub(self._counts))

    def during(self, story: Callable[[], None]) -> Counts:
        """What the story took."""
        self._counts.clear()
        recorded, before = len(self.deployment.recorder.calls), self._transitions()
        story()
        for role, service, operation, params in self.deployment.recorder.calls[recorded:]:
            if role in FUNCTIONS:
                self._counts.update(requested(service, operation, params))
        self._counts["state transitions"] = self._transitions() - before
        return priced(self._counts)

    def _invoked(self, function: str, event: Mapping[str, Any]) -> Any:
        self._counts[f"calls of {function}"] += 1
        return self._call(function, event)

    def _transitions(self) -> int:
        """Each state that was entered, and each retry, is one ("AWS Step Functions pricing", Standard workflows)."""
        workflow = self.deployment.workflow
        machines = workflow.list_executions(stateMachineArn="")["executions"]
        histories = [workflow.get_execution_history(executionArn=one["executionArn"])["events"] for one in machines]
        return sum(event["type"].endswith("StateEntered") for history in histories for event in history)

    def _read(self, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        from deployment import acting

        if acting.get() in FUNCTIONS and model.name in ("GetItem", "Query"):
            items = parsed.get("Items", [parsed["Item"]] if "Item" in parsed else [])
            units = max(1, math.ceil(sum(map(size, items)) / 4096))
            self._counts["DynamoDB read units"] += units if model.name == "GetItem" else units / 2  # type: ignore[assignment]


class ToGitHub(logging.Handler):
    """Counts the requests that urllib3 tells of; those of AWS are answered before they reach it."""

    def __init__(self, counts: Counts) -> None:
        super().__init__(logging.DEBUG)
        self._counts = counts

    def emit(self, record: logging.LogRecord) -> None:
        """Takes one line of its log."""
        found = ANSWERED.search(record.getMessage())
        if found and found["status"] == "304":
            self._counts["answered 304 besides"] += 1
        elif found:
            self._counts["GitHub requests"] += 1
            self._counts["of them writing"] += found["method"] != "GET"


def requested(service: str, operation: str, params: Mapping[str, Any]) -> Counts:
    """The rows that one call counts for."""
    if service == "dynamodb":
        return Counter({"DynamoDB write units": written(params["Item"])} if operation == "PutItem" else {})
    return Counter([S3_CLASSES[operation] if service == "s3" else SERVICES[service]])


def written(item: Mapping[str, Any]) -> int:
    """Write units of a PutItem into the table and its two indexes."""
    indexes = sum(set(keys) <= set(item) for keys in (("group", "updated"), ("state", "updated")))
    return math.ceil(size(item) / 1024) * (1 + indexes)


def size(item: Mapping[str, Any]) -> int:
    """Bytes of an item: its names and its values ("Item sizes and formats")."""
    return sum(len(name.encode()) + len(str(next(iter(value.values()))).encode()) for name, value in item.items())


def priced(counts: Counts) -> Counts:
    """With what the functions' time is reckoned to be, and what all of it costs."""
    waited = sum(counts[row] * seconds for row, seconds in SECONDS.items())
    time: dict[str, Any] = {"Lambda GB-seconds": waited * MEMORY}
    taken: Counts = Counter({**counts, **time})
    dollars: dict[str, Any] = {"US dollars": sum(taken[row] * price for row, price in PRICES.items())}
    return Counter({**taken, **dollars})


def table(found: Mapping[str, Counts]) -> str:
    """Markdown."""
    rows = [f"| {row} | {' | '.join(f'{counts[row]:.3g}' for counts in found.values())} |" for row in ROWS]
    about = (
        "Warm functions; the jobs' own requests (their files, images and logs) are not in it. GB-seconds are reckoned "
        "with 0.2 s a GitHub request, 0.1 s one of SageMaker, 0.05 s one of Step Functions, at 512 MB. Dollars are "
        "list prices of us-east-1 without free tiers."
    )
    head = [f"| | {' | '.join(found)} |", f"|---|{'---|' * len(found)}"]
    return "\n".join(["# What an issue takes besides its jobs", "", about, "", *head, *rows])


if __name__ == "__main__":
    main()
