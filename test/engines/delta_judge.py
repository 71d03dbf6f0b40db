"""Reads and changes Delta tables with delta-rs: a list of requests as JSON on stdin, a list of answers on stdout."""

import datetime
import decimal
import json
import sys

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable, QueryBuilder, write_deltalake


def text(value):
    """A value as the text that the other readers' values are compared by; instants are microseconds."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime.datetime):
        return str((value - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(microseconds=1))
    if isinstance(value, (datetime.date, decimal.Decimal, int)):
        return str(value)
    raise TypeError(f"no text for {type(value)}")


def rows(table):
    return [{name: text(value) for name, value in row.items()} for row in pa.table(table).to_pylist()]


def typed(kind, value):
    if kind == "timestamp":
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return epoch + datetime.timedelta(microseconds=int(value))
    if kind == "date":
        return datetime.date.fromisoformat(value)
    if kind == "decimal":
        return decimal.Decimal(value)
    if kind == "integer":
        return int(value)
    return value


def condition(column, operator, kind=None, value=None):
    field = ds.field(column)
    if operator == "null":
        return field.is_null()
    wanted = typed(kind, value)
    return {"=": field == wanted, ">=": field >= wanted, "<=": field <= wanted, ">": field > wanted, "<": field < wanted}[operator]


def answer(request):
    table = DeltaTable(request["table"], storage_options=request.get("storage_options"))
    op = request["op"]
    if op == "datafusion":
        return rows(QueryBuilder().register("t", table).execute(request["sql"]).read_all())
    if op == "pyarrow":
        parts = [condition(*part) for part in request["filters"]]
        whole = None
        for part in parts:
            whole = part if whole is None else whole & part
        return rows(table.to_pyarrow_dataset().to_table(filter=whole))
    if op == "facts":
        return {"version": table.version(), "files": len(table.file_uris()), "run": table.transaction_version("ingot.run")}
    if op == "append":
        schema = pa.schema(table.to_pyarrow_dataset().schema)
        values = [{name: typed(*pair) for name, pair in row.items()} for row in request["rows"]]
        write_deltalake(table, pa.Table.from_pylist(values, schema=schema), mode="append")
        return None
    if op == "delete":
        return table.delete(request["predicate"])["num_deleted_rows"]
    if op == "optimize":
        return table.optimize.compact()["numFilesAdded"]
    if op == "vacuum":
        return len(table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False))
    raise ValueError(op)


json.dump([answer(request) for request in json.load(sys.stdin)], sys.stdout)
