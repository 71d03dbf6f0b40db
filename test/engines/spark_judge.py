"""Reads and changes Delta tables with Spark: a request as JSON on each line of stdin, an answer on each line of stdout."""

import datetime
import decimal
import glob
import json
import os
import sys
import tempfile

from pyspark.sql import SparkSession

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.jars", ",".join(sorted(glob.glob(os.path.join(os.environ["INGOT_SPARK_JARS"], "*.jar")))))
    .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.driver.memory", "1g")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", "2")
    .config("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    .config("spark.databricks.delta.snapshotPartitions", "2")
    .config("spark.sql.warehouse.dir", tempfile.mkdtemp(prefix="ingot-spark-"))
    .config("spark.log.level", "ERROR")
    .getOrCreate()
)


def text(value):
    """A value as the text that the other readers' values are compared by."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime.date, decimal.Decimal, int)):
        return str(value)
    return repr(value)


for line in sys.stdin:
    try:
        frame = spark.sql(json.loads(line)["sql"])
        answer = {"rows": [{name: text(value) for name, value in row.asDict().items()} for row in frame.collect()]}
    except Exception as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), file=answers, flush=True)
