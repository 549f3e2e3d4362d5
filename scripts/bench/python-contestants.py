"""One contestant in a process of its own: once to warm up, once timed. Prints its seconds, and waits to have its memory read.

Each reads the gzipped document with the columns and types of the report schema and writes Parquet.
"""

import json
import sys
import time


def pyarrow_copy(document):
    import pyarrow as pa
    import pyarrow.csv as csv
    import pyarrow.parquet as parquet

    types = {
        "string": pa.string(),
        "json": pa.string(),
        "int64": pa.int64(),
        "float64": pa.float64(),
        "bool": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }

    def type_of(column):
        if column["type"]["kind"] == "decimal":
            return pa.decimal128(column["type"]["precision"], column["type"]["scale"])
        return types[column["type"]["kind"]]

    reader = csv.open_csv(
        document["path"],
        read_options=csv.ReadOptions(block_size=16 * 1024 * 1024),
        parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
        convert_options=csv.ConvertOptions(
            column_types={each["found"]: type_of(each) for each in document["columns"]},
            include_columns=[each["found"] for each in document["columns"]],
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    schema = pa.schema([(each["name"], type_of(each)) for each in document["columns"]])
    with parquet.ParquetWriter(document["target"], schema, compression="snappy") as writer:
        for batch in reader:
            writer.write_batch(pa.record_batch(batch.columns, schema=schema))


def polars_copy(document):
    import polars as pl

    def cast(column):
        cell = pl.col(column["found"])
        kind = column["type"]["kind"]
        if kind == "int64":
            cell = cell.cast(pl.Int64)
        elif kind == "float64":
            cell = cell.cast(pl.Float64)
        elif kind == "decimal":
            cell = cell.cast(pl.Decimal(column["type"]["precision"], column["type"]["scale"]))
        elif kind == "bool":
            cell = cell.str.to_lowercase() == "true"
        elif kind == "date":
            cell = cell.str.to_date()
        elif kind == "timestamp":
            cell = cell.str.to_datetime("%Y-%m-%dT%H:%M:%S%:z", time_unit="us", time_zone="UTC")
        return cell.alias(column["name"])

    frame = pl.read_csv(document["path"], separator="\t", quote_char=None, infer_schema=False)
    frame.select([cast(each) for each in document["columns"]]).write_parquet(document["target"], compression="snappy")


contestants = {"pyarrow": pyarrow_copy, "polars": polars_copy}

if __name__ == "__main__":
    run = contestants[sys.argv[1]]
    document = json.loads(sys.argv[2])
    run(document)
    started = time.perf_counter()
    run(document)
    print(json.dumps({"seconds": time.perf_counter() - started}), flush=True)
    sys.stdin.read()
