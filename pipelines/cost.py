"""The most that a run may cost, before it starts: time limit x instances x attempts. Light.

A bound, not an estimate: jobs are billed by the second that they run, and most run for minutes. What it leaves out is
small or rare: storage, and a job that SageMaker starts again after an internal error of its own (docs/how-to/scale.md).
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from algorithms.errors import ParameterError, PlatformError, Problem
from pipelines.language import say
from pipelines.prices import Kind, Prices, read_prices
from pipelines.request import ResolvedRequest
from pipelines.settings import Settings

PROCESSING_JOBS = 2
"""Prepare and Evaluate, one instance each."""
HOUR = 3600
VARIABLES = {
    "MLOPS_MAX_COST_USD": "the most that a run may cost at worst, in US dollars, unless its issue says `max_cost_usd`; "
    "left out: no limit",
    "MLOPS_PRICES": "a file with prices (see docs/how-to/scale.md); left out: `prices.json` in the functions' package",
    "MLOPS_PIPELINE_SETTINGS": "the settings that the pipelines were compiled with, as JSON; their time limits bound a "
    "run's cost; left out: the defaults",
}
"""For the reference page."""
COUNTING = (
    "processing_instance_type",
    "max_processing_seconds",
    "max_training_seconds",
    "spot_training",
    "max_spot_wait_seconds",
)
"""The settings of the pipelines that a bound depends on."""
DOLLARS = r"\d{1,7}(\.\d{1,2})?"


@dataclass(frozen=True)
class Part:
    """The jobs of one kind: hours that they may run in all attempts together, on one instance type."""

    kind: Kind
    steps: str
    instance_type: str
    hours: float


@dataclass(frozen=True)
class Costs:
    """What bounds a run.

    Parameters
    ----------
    processing_instance_type, processing_seconds, training_seconds : as the pipelines were compiled
    spot_wait_seconds : how long Train may wait for spot instances. It counts as if it ran, at the full price, since a
        training that is interrupted begins anew within this time
    prices : None: instance-hours only
    max_cost_usd : for runs whose request says nothing; None: no limit
    billed : whether anybody is billed; on one machine nobody is, and a limit is met
    """

    processing_instance_type: str = Settings.processing_instance_type
    processing_seconds: int = Settings.max_processing_seconds
    training_seconds: int = Settings.max_training_seconds
    spot_wait_seconds: int = 0
    prices: Prices | None = None
    max_cost_usd: float | None = None
    billed: bool = True

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None, *, billed: bool = True) -> Costs:
        """As the environment says (`VARIABLES`). Raises PlatformError."""
        environ = os.environ if environ is None else environ
        given = environ.get("MLOPS_MAX_COST_USD")
        if given and not re.fullmatch(DOLLARS, given, re.ASCII):
            raise PlatformError(f"MLOPS_MAX_COST_USD: must be dollars such as 25 or 12.50, got {given!r}. Correct it.")
        compiled, prices = _compiled(environ), _prices(environ)
        if billed and prices is not None:
            _require_region(prices, environ.get("AWS_REGION"))
        return cls(
            processing_instance_type=compiled.processing_instance_type,
            processing_seconds=compiled.max_processing_seconds,
            training_seconds=compiled.max_training_seconds,
            spot_wait_seconds=compiled.max_spot_wait_seconds if compiled.spot_training else 0,
            prices=prices,
            max_cost_usd=float(given) if given else None,
            billed=billed,
        )

    def parts(self, request: ResolvedRequest) -> tuple[Part, Part]:
        """The bound, by kind of job."""
        attempts = 1 + request.max_retry
        train = say("Train, with the wait for spot instances") if self.spot_wait_seconds else say("Train")
        seconds = self.training_seconds + self.spot_wait_seconds
        return (
            Part(
                "processing",
                say("Prepare and Evaluate"),
                self.processing_instance_type,
                attempts * PROCESSING_JOBS * self.processing_seconds / HOUR,
            ),
            Part("training", train, request.instance_type, attempts * _instances(request) * seconds / HOUR),
        )

    def dollars(self, request: ResolvedRequest) -> float | None:
        """The bound in dollars, rounded up to cents; None without a price of each instance type."""
        priced = [(part, self._price(part)) for part in self.parts(request)]
        known = [price * part.hours for part, price in priced if price is not None]
        return _cents_up(sum(known)) if len(known) == len(priced) else None

    def sentence(self, request: ResolvedRequest) -> str:
        """The bound, for the comment that a run begins with."""
        parts = self.parts(request)
        hours = sum(part.hours for part in parts)
        attempts = say("{n} attempts", n=1 + request.max_retry) if request.max_retry else say("1 attempt")
        each = ", ".join(
            say(
                "{hours} h of `{instance}` ({steps})",
                hours=f"{part.hours:g}",
                instance=part.instance_type,
                steps=part.steps,
            )
            for part in parts
        )
        start = say("On SageMaker") if self.billed else say("This run costs nothing on this machine; on SageMaker")
        said = {"start": start, "hours": f"{hours:g}", "attempts": attempts, "each": each}
        text = say("{start} at most {hours} instance-hours in {attempts}: {each}", **said)
        dollars = self.dollars(request)
        if dollars is None or self.prices is None:
            return say("{text}.", text=text)
        region, date = self.prices.region, self.prices.date
        return say(
            "{text}; at most ${dollars} for them, by the prices of {region} on {date}.",
            text=text,
            dollars=f"{dollars:,.2f}",
            region=region,
            date=date,
        )

    def check(self, request: ResolvedRequest) -> None:
        """Raises ParameterError where the bound is above the budget, or cannot be compared with it."""
        own = request.max_cost_usd
        limit = self.max_cost_usd if own is None else own
        if limit is None or not self.billed:
            return
        budget = f"${limit:,.2f}" if own is not None else f"the operator's limit of ${limit:,.2f}"
        dollars = self.dollars(request)
        if dollars is None:
            raise _problem(limit, f"{budget} cannot be checked: {self._unpriced(request)}")
        if dollars > limit:
            told = f"{self.sentence(request)} {_advice(request, dollars)}"
            raise _problem(limit, f"{budget} is less than this run may cost. {told}")

    def _price(self, part: Part) -> float | None:
        return None if self.prices is None else self.prices.of(part.kind, part.instance_type)

    def _unpriced(self, request: ResolvedRequest) -> str:
        """What is missing, and who can do what about it."""
        names = [f"`{part.instance_type}` ({part.kind})" for part in self.parts(request) if self._price(part) is None]
        missing = "there is no price file" if self.prices is None else "the price file has no price"
        without = request.max_cost_usd is not None and self.max_cost_usd is None
        otherwise = ", or leave max_cost_usd out" if without else ""
        todo = f"Ask the operator to make the file with `python -m pipelines.prices`{otherwise}."
        return f"{missing}, and needed are those of {' and '.join(names)}. {todo}"


def _instances(request: ResolvedRequest) -> int:
    """Instances that train in an attempt: one for each trial of a search, all of a grid on one."""
    tuning = request.search()
    return request.instance_count if tuning is None or tuning.strategy == "grid" else tuning.max_trials


def _cents_up(dollars: float) -> float:
    """Never less than the bound; the inner rounding takes away what binary fractions add."""
    return math.ceil(round(dollars * 100, 6)) / 100


def _problem(limit: float, what: str) -> ParameterError:
    return ParameterError([Problem("max_cost_usd", limit, f"max_cost_usd: {what}")])


def _require_region(prices: Prices, region: str | None) -> None:
    """Raises PlatformError for prices of a region where no job runs."""
    if region and prices.region != region:
        raise PlatformError(
            f"The price file: must be of {region}, where the jobs run, got prices of {prices.region}. "
            f"Make it anew with `python -m pipelines.prices --region {region}`."
        )


def _compiled(environ: Mapping[str, str]) -> Settings:
    """The settings that count here, with their defaults."""
    try:
        given = json.loads(environ.get("MLOPS_PIPELINE_SETTINGS") or "{}")
        if not isinstance(given, dict):
            raise TypeError(f"{type(given).__name__}")
        known = {name: given[name] for name in COUNTING if name in given}
        return Settings("bucket", "arn:aws:iam::123456789012:role/any", "image", "eu-west-1", **known)
    except (ValueError, TypeError, PlatformError) as error:
        raise PlatformError(f"MLOPS_PIPELINE_SETTINGS: must be settings as a JSON object, got {error}") from error


def _prices(environ: Mapping[str, str]) -> Prices | None:
    found = next(_places(environ), None)
    return None if found is None else read_prices(found)


def _places(environ: Mapping[str, str]) -> Iterator[Path]:
    """The file that is named; else the one in the functions' package, if there is one."""
    if environ.get("MLOPS_PRICES"):
        yield Path(environ["MLOPS_PRICES"])
    packaged = Path(environ.get("LAMBDA_TASK_ROOT", "")) / "prices.json"
    if "LAMBDA_TASK_ROOT" in environ and packaged.exists():
        yield packaged


def _advice(request: ResolvedRequest, dollars: float) -> str:
    fewer = "a smaller max_retry, " if request.max_retry else ""
    fewer += "a smaller instance_count, " if request.instance_count > 1 else ""
    return f"Choose {fewer}a smaller instance_type or a max_cost_usd of at least {dollars:.2f}."
