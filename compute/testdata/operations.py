"""Writes operations.json: what Nova's contract says of each operation.

usage: operations.py CONTRACT/routes.json >operations.json

One line for each method and path (and action); a line's spans are consecutive
microversions with the same facts: first and last, statuses of success, expected
errors (null: none declared), body schema, query schema. A microversion in no
span answers 404; one without a status of success is a removed API. "v2" are the
body and query schemas of the legacy API.
"""

import json
import sys


def minor(version):
    return int(version.split(".")[1])


def stem(path):
    return path and path.removeprefix("schemas/").removesuffix(".json")


def line(key, handler):
    out = {"op": key}
    spans = []
    for r in handler["ranges"]:
        if r.get("not_found"):
            continue
        facts = [r["success_statuses"], r["expected_errors"] and sorted(r["expected_errors"]) if r["expected_errors"] is not None else None,
                 stem(r["body_schema"]), stem(r["query_schema"])]
        if spans and spans[-1][2:] == facts and spans[-1][1] + 1 == minor(r["min"]):
            spans[-1][1] = minor(r["max"])
        else:
            spans.append([minor(r["min"]), minor(r["max"])] + facts)
    out["spans"] = spans
    v2 = handler.get("legacy_v2_schemas", {})
    out["v2"] = [[stem(s) for s in v2.get(kind, [])] for kind in ("body", "query")]
    return out


def main():
    lines = {}
    for route in json.load(open(sys.argv[1]))["routes"]:
        for verb, m in route.get("methods", {}).items():
            key = verb + " " + route["path"]
            if "handler" in m:
                lines[key] = line(key, m["handler"])
            for action, handler in m.get("actions", {}).items():
                lines[key + " " + action] = line(key + " " + action, handler)
    print("[" + ",\n".join(json.dumps(o) for o in lines.values()) + "]")


main()
