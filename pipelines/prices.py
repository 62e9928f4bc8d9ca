"""What an hour of an instance costs, from a file that an operator made of AWS's own price list. Light.

    aws pricing get-products --service-code AmazonSageMaker --region us-east-1 --output json \
        --filters Type=TERM_MATCH,Field=regionCode,Value=eu-west-1 > products.json
    python -m pipelines.prices products.json --region eu-west-1 > prices.json

No price is part of this project. The format of the list: "Using the AWS Price List Query API" (AWS Billing User Guide).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from algorithms.errors import PlatformError

Kind = Literal["processing", "training"]
KINDS: tuple[Kind, ...] = ("processing", "training")
LARGEST_FILE = 2**20
HIGHEST = 1e6
"""Dollars an hour from which on a price is a mistake."""
FORM = '{"region": "eu-west-1", "date": "2026-01-31", "hourly": {"training": {"ml.m5.large": 0.1}, "processing": {}}}'


@dataclass(frozen=True)
class Prices:
    """US dollars an hour by kind of job and instance type, in one region, as they were on a date."""

    region: str
    date: str
    hourly: Mapping[str, Mapping[str, float]]

    def of(self, kind: Kind, instance_type: str) -> float | None:
        """An hour in dollars; None: the file does not say."""
        return self.hourly.get(kind, {}).get(instance_type)


def read_prices(path: Path) -> Prices:
    """The prices in a file. Raises PlatformError with what is wrong with it."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError(f"it has more than {LARGEST_FILE} bytes")
        return _checked(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise PlatformError(
            f"{path.name}: is no price file, got {error}. Make it with `python -m pipelines.prices`."
        ) from error


def _checked(found: Any) -> Prices:
    try:
        region, day, given = found["region"], date.fromisoformat(found["date"]), found["hourly"]
        hourly: dict[str, dict[str, float]] = {kind: dict(given.get(kind, {})) for kind in KINDS}
        if not isinstance(region, str) or not set(given) <= set(KINDS) or not any(hourly.values()):
            raise TypeError("no prices")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"something else than {FORM}") from error
    for kind, table in hourly.items():
        for name, price in table.items():
            if isinstance(price, bool) or not isinstance(price, int | float) or not 0 < price < HIGHEST:
                raise ValueError(f"{price!r} as the price of {name} for {kind}")
    return Prices(region, day.isoformat(), hourly)


def from_products(document: Mapping[str, Any], region: str) -> Prices:
    """The prices in an answer of GetProducts, whose `PriceList` holds one JSON text a product.

    Of two prices of the same the higher one counts. Raises PlatformError where the list has none of that region.
    """
    hourly: dict[str, dict[str, float]] = {kind: {} for kind in KINDS}
    dates: list[str] = []
    for product in map(_parsed, document.get("PriceList", [])):
        kind, name = _sold(product, region)
        for price in _on_demand(product) if kind in hourly else ():
            hourly[kind][name] = max(price, hourly[kind].get(name, 0.0))
            dates.append(str(product.get("publicationDate", ""))[:10])
    if not dates:
        raise PlatformError(
            f"The price list has no training or processing in {region}. Check --region and the filters."
        )
    return Prices(region, max(dates), hourly)


def _sold(product: Mapping[str, Any], region: str) -> tuple[str, str]:
    """Kind of job and instance type; a kind that is empty for another region's."""
    attributes = product.get("product", {}).get("attributes", {})
    kind = str(attributes.get("component", "")).lower() if attributes.get("regionCode") == region else ""
    return kind, str(attributes.get("instanceName") or attributes.get("instanceType", ""))


def _parsed(product: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(product) if isinstance(product, str) else product
    return found


def _on_demand(product: Mapping[str, Any]) -> Iterator[float]:
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term.get("priceDimensions", {}).values():
            price = float(dimension.get("pricePerUnit", {}).get("USD", 0))
            if price > 0 and str(dimension.get("unit", "")).lower().startswith(("hr", "hour")):
                yield price


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a price file made of what `aws pricing get-products` answered."""
    parser = argparse.ArgumentParser("python -m pipelines.prices", description=main.__doc__)
    parser.add_argument("products", type=Path, help="the answer, as a file")
    parser.add_argument("--region", required=True, help="such as eu-west-1")
    given = parser.parse_args(arguments)
    try:
        found = from_products(json.loads(given.products.read_text(encoding="utf-8")), given.region)
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        print(f"{given.products}: could not be read, got {error}.", file=sys.stderr)
        return 1
    except PlatformError as error:
        print(error, file=sys.stderr)
        return 1
    hourly = {kind: dict(sorted(table.items())) for kind, table in found.hourly.items()}
    print(json.dumps({"region": found.region, "date": found.date, "hourly": hourly}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
