"""Soda on users and sessions: prints how many rows each kind of defect has, as JSON, and how long it took."""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ["SODA_CORE_TELEMETRY_ENABLED"] = "false"

from soda_core.contracts import verify_contract_locally  # noqa: E402

COLUMNS = json.loads(os.environ["PEER_COLUMNS"])
QUERIES = json.loads(os.environ["PEER_QUERIES"])
URL = json.loads(os.environ["PEER_CONNECTION"])
LEVELS = ["silicon_level", "consciousness_level", "thinking_level"]


def column_checks(table):
    if table != "users":
        return {"user_id": [{"missing": {"qualifier": "user-null"}}]}
    levels = {
        axis: [{"invalid": {"qualifier": f"{axis.replace('_', '-')}-invalid", "valid_min": 0, "valid_max": 5}}]
        for axis in LEVELS
    }
    pattern = {"name": "address", "regex": r"^[^@\s]+@[^@\s]+\.[^@\s]+$"}
    return {
        **levels,
        "email": [
            {"missing": {"qualifier": "email-null"}},
            {"invalid": {"qualifier": "email-malformed", "valid_format": pattern}},
        ],
        "username": [{"invalid": {"qualifier": "username-missing", "valid_format": {"name": "something", "regex": r"\S"}}}],
        "status": [
            {"invalid": {"qualifier": "status-invalid", "valid_values": ["active", "inactive", "suspended"]}}
        ],
    }


def contract_of(table):
    checks = column_checks(table)
    return {
        "dataset": f"source/{URL['database']}/public/{table}",
        "columns": [
            {"name": name, **({"checks": checks[name]} if name in checks else {})} for name in COLUMNS[table]
        ],
        "checks": [
            {"schema": {"qualifier": "columns", "allow_other_column_order": True}},
            *[{"failed_rows": {"qualifier": kind, "query": query}} for kind, query in QUERIES[table].items()],
        ],
    }


def count_of(result):
    values = getattr(result, "diagnostic_metric_values", None) or {}
    outcome = result.outcome.name
    if outcome not in ("PASSED", "FAILED"):
        return "not asked"
    # A check of validity counts what is missing too.
    own = {"missing": "missing_count", "invalid": "invalid_count", "failed_rows": "failed_rows_count"}
    count = values.get(own.get(result.check.type, ""))
    return int(count) if count is not None else 0 if outcome == "PASSED" else 1


def main():
    # JSON is YAML.
    folder = Path(tempfile.mkdtemp(dir=os.environ["PEER_FOLDER"]))
    source = folder / "source.yml"
    source.write_text(json.dumps({"type": "postgres", "name": "source", "connection": URL}))
    found = {}
    started = time.perf_counter()
    for table in ["users", "user_sessions"]:
        contract = folder / f"{table}.yml"
        contract.write_text(json.dumps(contract_of(table)))
        told = verify_contract_locally(data_source_file_path=str(source), contract_file_path=str(contract))
        for session in told.contract_verification_results:
            for result in session.check_results:
                kind = result.check.qualifier or result.check.type
                found[f"{table}.{kind}"] = count_of(result)
    json.dump({"found": found, "seconds": time.perf_counter() - started}, sys.stdout)


main()
