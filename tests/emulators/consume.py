"""Reads what slmon wrote as its consumers do: `consume.py junit SCHEMA FILE…` validates XML, `consume.py openmetrics FILE…`
has Prometheus' own parser read it. Prints a JSON object for each file: what was read, or `error`."""

import json
import sys

from lxml import etree
from prometheus_client.openmetrics.parser import text_string_to_metric_families


def junit(schema, path):
    document = etree.parse(path, etree.XMLParser(resolve_entities=False, no_network=True))
    schema.assertValid(document)
    count = lambda name: int(document.xpath(f"count(//testcase/{name})"))
    return {"tests": int(document.xpath("count(//testcase)")), "failures": count("failure"), "errors": count("error"),
            "skipped": count("skipped")}


def openmetrics(path):
    with open(path, encoding="utf-8", newline="") as file:
        families = list(text_string_to_metric_families(file.read()))
    return {family.name: {"type": family.type, "unit": family.unit, "samples": len(family.samples)}
            for family in families}


def told(read, *arguments):
    try:
        return read(*arguments)
    except Exception as error:  # whatever a consumer says is what the test shows
        return {"error": f"{type(error).__name__}: {error}"}


if sys.argv[1] == "junit":
    schema = etree.XMLSchema(etree.parse(sys.argv[2]))
    results = [told(junit, schema, path) for path in sys.argv[3:]]
else:
    results = [told(openmetrics, path) for path in sys.argv[2:]]
print(json.dumps(results))
