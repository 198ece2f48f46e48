#!/usr/bin/env python3
"""Documents against docs/report.schema.json, with no field that the schema does not name.

    validate.py SCHEMA FILE...

Each file has one document, or one in each line (as JSON Lines).
"""
import json
import sys

import jsonschema


def without_additions(part):
    """The schema lets later versions add fields; what this version writes has none of them."""
    if isinstance(part, dict):
        if part.get("type") == "object":
            part["additionalProperties"] = False
        for inner in part.values():
            without_additions(inner)
    elif isinstance(part, list):
        for inner in part:
            without_additions(inner)
    return part


def documents(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at = len(text) - len(text[at:].lstrip())
        document, at = decoder.raw_decode(text, at)
        yield document


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = without_additions(json.load(file))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    count = wrong = 0
    for path in sys.argv[2:]:
        for document in documents(path):
            count += 1
            for error in validator.iter_errors(document):
                wrong += 1
                print(f"{path}: {error.json_path}: {error.message}")
    print(f"{count} documents, {wrong} errors")
    return 1 if wrong or not count else 0


sys.exit(main())
