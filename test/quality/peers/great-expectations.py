"""Great Expectations on users and sessions: prints how many rows each kind of defect has, as JSON, and how long it took."""

import json
import os
import sys
import time

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx  # noqa: E402
from great_expectations import expectations as gxe  # noqa: E402

COLUMNS = json.loads(os.environ["PEER_COLUMNS"])
QUERIES = json.loads(os.environ["PEER_QUERIES"])
LEVELS = ["silicon_level", "consciousness_level", "thinking_level"]


def expectations_of(table):
    columns = {"columns": gxe.ExpectTableColumnsToMatchSet(column_set=COLUMNS[table], exact_match=True)}
    rows = {
        kind: gxe.UnexpectedRowsExpectation(unexpected_rows_query=query)
        for kind, query in QUERIES[table].items()
    }
    if table != "users":
        return {**columns, **rows, "user-null": gxe.ExpectColumnValuesToNotBeNull(column="user_id")}
    levels = {
        f"{axis.replace('_', '-')}-invalid": gxe.ExpectColumnValuesToBeBetween(column=axis, min_value=0, max_value=5)
        for axis in LEVELS
    }
    return {
        **columns,
        **rows,
        **levels,
        "email-null": gxe.ExpectColumnValuesToNotBeNull(column="email"),
        "email-malformed": gxe.ExpectColumnValuesToMatchRegex(column="email", regex=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"),
        "username-missing": gxe.ExpectColumnValuesToMatchRegex(column="username", regex=r"\S"),
        "status-invalid": gxe.ExpectColumnValuesToBeInSet(
            column="status", value_set=["active", "inactive", "suspended"]
        ),
    }


def count_of(result, kind):
    """An expectation that could not be asked is no pass."""
    if result.exception_info and any(
        isinstance(each, dict) and each.get("raised_exception") for each in [result.exception_info, *result.exception_info.values()]
    ):
        return "not asked"
    found = result.result or {}
    if kind == "columns":
        return 0 if result.success else 1
    count = found.get("unexpected_count", found.get("observed_value", 0))
    return int(str(count).split()[0]) if count is not None else "not asked"


def main():
    context = gx.get_context(mode="ephemeral")
    source = context.data_sources.add_postgres("source", connection_string=os.environ["PEER_URL"])
    found = {}
    started = time.perf_counter()
    for table in ["users", "user_sessions"]:
        batch = source.add_table_asset(table, table_name=table).add_batch_definition_whole_table("all").get_batch()
        for kind, expectation in expectations_of(table).items():
            found[f"{table}.{kind}"] = count_of(batch.validate(expectation, result_format="SUMMARY"), kind)
    json.dump({"found": found, "seconds": time.perf_counter() - started}, sys.stdout)


main()
