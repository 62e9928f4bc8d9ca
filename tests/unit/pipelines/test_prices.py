"""Prices here are made up."""

import json

import pytest

from algorithms.errors import PlatformError
from pipelines.prices import Prices, from_products, main, read_prices

MADE_UP = {"region": "xx-nowhere-1", "date": "2001-02-03", "hourly": {"training": {"ml.m5.large": 2.5}}}


def product(component="Training", name="ml.m5.large", usd="1.25", region="xx-nowhere-1", unit="Hrs"):
    dimension = {"unit": unit, "pricePerUnit": {"USD": usd}}
    attributes = {"component": component, "instanceName": name, "regionCode": region}
    return json.dumps(
        {
            "product": {"attributes": attributes},
            "terms": {"OnDemand": {"A.B": {"priceDimensions": {"A.B.C": dimension}}}},
            "publicationDate": "2001-02-03T04:05:06Z",
        }
    )


def test_a_file_is_read(tmp_path):
    file = tmp_path / "prices.json"
    file.write_text(json.dumps(MADE_UP))
    found = read_prices(file)
    assert (found.region, found.date) == ("xx-nowhere-1", "2001-02-03")
    assert found.of("training", "ml.m5.large") == 2.5
    assert found.of("processing", "ml.m5.large") is None
    assert found.of("training", "ml.c5.xlarge") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"region": "a", "date": "2001-02-03", "hourly": []}',
        '{"region": "a", "date": "2001-02-03", "hourly": {"training": {"x": -1}}}',
        '{"region": "a", "date": "2001-02-03", "hourly": {"training": {"x": NaN}}}',
        '{"region": "a", "date": "2001-02-03", "hourly": {"training": {"x": 1e999}}}',
        '{"region": "a", "date": "2001-02-03", "hourly": {"training": {"x": "1"}}}',
        '{"region": "a", "date": "2001-02-03", "hourly": {"training": {"x": true}}}',
        '{"region": "a", "date": "2001-02-03", "hourly": {"training": {"x": 1e300}}}',
        '{"region": "a", "date": "2001-02-03", "hourly": {"training": {}}}',
        '{"region": "a", "date": "2001-02-03", "hourly": {"trainig": {"x": 1}, "training": {"x": 1}}}',
        '{"region": "a", "date": null, "hourly": {"training": {"x": 1}}}',
        '{"region": "a", "date": "soon", "hourly": {"training": {"x": 1}}}',
        '{"region": null, "date": "2001-02-03", "hourly": {"training": {"x": 1}}}',
        "[" * 100_000,
        " " * 2_000_000,
    ],
    ids=range(17),
)
def test_a_damaged_file_is_refused_with_what_to_do(tmp_path, text):
    file = tmp_path / "prices.json"
    file.write_text(text)
    with pytest.raises(PlatformError, match=r"prices\.json: is no price file.*python -m pipelines\.prices"):
        read_prices(file)


def test_no_file_is_refused(tmp_path):
    with pytest.raises(PlatformError, match="is no price file"):
        read_prices(tmp_path / "none.json")


def test_what_aws_lists_becomes_prices():
    listed = [
        product(),
        product("Processing", "ml.c5.xlarge", "0.5"),
        product("Hosting", "ml.m5.xlarge"),
        product(region="xx-elsewhere-1", usd="9"),
        product(name="ml.r5.large", unit="GB-Mo"),
        product(name="ml.t3.medium", usd="0.0"),
    ]
    assert from_products({"PriceList": listed}, "xx-nowhere-1") == Prices(
        "xx-nowhere-1",
        "2001-02-03",
        {"processing": {"ml.c5.xlarge": 0.5}, "training": {"ml.m5.large": 1.25}},
    )


def test_of_two_prices_the_higher_one_counts():
    listed = [product(usd="1.25"), product(usd="3"), product(usd="2")]
    assert from_products({"PriceList": listed}, "xx-nowhere-1").of("training", "ml.m5.large") == 3


def test_the_command_writes_what_is_read(tmp_path, capsys):
    products, prices = tmp_path / "products.json", tmp_path / "prices.json"
    products.write_text(json.dumps({"PriceList": [product()]}))
    assert main([str(products), "--region", "xx-nowhere-1"]) == 0
    prices.write_text(capsys.readouterr().out)
    assert read_prices(prices).of("training", "ml.m5.large") == 1.25


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "could not be read"),
        ("[]", "could not be read"),
        ('{"PriceList": [1]}', "could not be read"),
        ('{"PriceList": 1}', "could not be read"),
        ("{}", "no training or processing"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path, capsys, text, told):
    products = tmp_path / "products.json"
    products.write_text(text)
    assert main([str(products), "--region", "eu-west-1"]) == 1
    assert told in capsys.readouterr().err
