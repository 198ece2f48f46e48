"""check_sarif.py SAMPLE_PROGRAM FOLDER [OFFICIAL_SCHEMA]: SARIF of all samples against a schema, and what no schema can say.

First the check itself: a log that is broken on purpose must be refused.
"""
import copy
import json
import pathlib
import subprocess
import sys

import jsonschema

import sarif_schema

program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)


def problems(validator, log):
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in validator.iter_errors(log)]


def cross_checks(log):
    """Numbers that must name something (3.27.6, 3.27.29, 3.11.6)."""
    for run in log["runs"]:
        rules = run["tool"]["driver"]["rules"]
        assert len({rule["id"] for rule in rules}) == len(rules), "two rules of one id"
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
            assert result["provenance"]["invocationIndex"] < len(run["invocations"])
            ids = [location["id"] for location in result.get("relatedLocations", [])]
            assert ids == list(range(1, len(ids) + 1)), ids
            for location in result["locations"]:
                region = location["physicalLocation"].get("region", {})
                assert region.get("endColumn", 1 << 30) >= region.get("startColumn", 1), region


def broken(log):
    """The same with one mistake each."""
    def place(run):
        return run["results"][0]["locations"][0]["physicalLocation"]

    for change in (lambda run: run["results"][0].pop("message"),
                   lambda run: run["results"][0]["message"].update(text=""),
                   lambda run: run["results"][0].update(level="fatal"),
                   lambda run: place(run)["region"].update(startLine=0),
                   lambda run: place(run)["artifactLocation"].update(uri="a b.cpp"),
                   lambda run: run["tool"]["driver"].pop("name"),
                   lambda run: run["invocations"][0].pop("executionSuccessful"),
                   lambda run: run.update(colour="red")):
        copied = copy.deepcopy(log)
        change(copied["runs"][0])
        yield copied


if len(sys.argv) > 3:
    with open(sys.argv[3], encoding="utf-8") as file:
        schema = json.load(file)
else:
    schema = sarif_schema.SCHEMA
validator = jsonschema.validators.validator_for(schema)(schema)
counted = 0
for sample in ("none", "bank", "hostile", "clean", "processes", "300"):
    output = subprocess.run([program, "sarif", sample, str(folder)], stdout=subprocess.PIPE, check=True, timeout=120).stdout
    log = json.loads(output.decode("utf-8", errors="strict"))
    found = problems(validator, log)
    if found:
        sys.exit(f"{sample}:\n" + "\n".join(found[:20]))
    cross_checks(log)
    counted += len(log["runs"][0]["results"])
    if sample == "bank" and len(sys.argv) == 3:
        for number, wrong in enumerate(broken(log)):
            if not problems(validator, wrong):
                sys.exit(f"the check is broken: mistake {number} is not seen")
print(f"6 logs with {counted} results are valid")
