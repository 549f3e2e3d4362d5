import type { CatalogueEntry } from './entry.js';

/** Errors of the warehouse. */
export const warehouseErrors = {
  WAREHOUSE_LOCKED: {
    kind: 'retryable',
    message: 'opening {path}: another program has it open ({found})',
    remedy:
      'Close the file in the other program, then run again. A program that keeps the file open blocks every commit, even if it opened the file read-only. `sp-reports query` opens it only while it reads.',
  },
  WAREHOUSE_OUT_OF_MEMORY: {
    kind: 'retryable',
    message: 'working on {path}: {found}',
    remedy:
      'Raise `warehouse.memoryLimitMegabytes` in pipelines.yaml, then run again, or run `sp-reports reload --status quarantined`.',
  },
  WAREHOUSE_UNREADABLE: {
    kind: 'terminal',
    message: 'opening {path}: {found}',
    remedy:
      'Run `sp-reports run` or `sp-reports rebuild`. Either one sets the file aside and makes it again from the lake and the raw documents.',
  },
  WAREHOUSE_FORMAT_UNSUPPORTED: {
    kind: 'terminal',
    message:
      'opening {path}: another version of DuckDB wrote it, in a format that this one can not read ({found})',
    remedy:
      'The file is intact, and stays as it is. Use a newer sp-reports, or write the file back with that version of DuckDB, as "Versions of DuckDB" in docs/guides/query-tools.md shows. Messages stay on the queue until then.',
  },
  WAREHOUSE_REFUSED: {
    kind: 'terminal',
    message: 'loading {thing} into {path}: {found}',
    remedy:
      'The raw document and its Parquet files are kept. Fix the schema, then run `sp-reports reload {thing}`.',
  },
  WAREHOUSE_MISSING: {
    kind: 'terminal',
    message: 'opening {path}: nothing has been loaded yet',
    remedy: 'Run `sp-reports run`, `sp-reports load FILE`, or `sp-reports demo` first.',
  },
  WAREHOUSE_BUSY: {
    kind: 'retryable',
    message: 'working on {path}: other processes are writing to it ({found})',
    remedy: 'Nothing is lost: a later run continues.',
  },
  WAREHOUSE_QUOTA_EXCEEDED: {
    kind: 'retryable',
    message: 'working on {path}: a quota of the project is exhausted ({found})',
    remedy:
      'Nothing was lost: messages stay on the queue, and a later drain loads them. See the limits in docs/bigquery.md, or have the quota raised in the Google Cloud console.',
  },
  WAREHOUSE_ACCESS_DENIED: {
    kind: 'retryable',
    message: 'working on {path}: Google refused access ({found})',
    remedy:
      'Grant the account roles/bigquery.jobUser on the project and roles/bigquery.dataEditor on the dataset, and set `warehouse.keyFile` in pipelines.yaml or GOOGLE_APPLICATION_CREDENTIALS. Messages stay on the queue until then.',
  },
  WAREHOUSE_PERIMETER_DENIED: {
    kind: 'retryable',
    message: 'working on {path}: VPC Service Controls refused access ({found})',
    remedy:
      'Run the program inside the perimeter, or have an ingress rule allow its account to use bigquery.googleapis.com (and storage.googleapis.com for a lake in gs://). The unique identifier in the message finds the refusal in the audit log. Messages stay on the queue until then.',
  },
  WAREHOUSE_KEY_DENIED: {
    kind: 'retryable',
    message: 'working on {path}: a key of Cloud KMS can not be used ({found})',
    remedy:
      'Grant roles/cloudkms.cryptoKeyEncrypterDecrypter on the key to the service account of BigQuery (bq-PROJECT_NUMBER@bigquery-encryption.iam.gserviceaccount.com), and enable the key. If a policy demands keys, create the dataset with a default key, and set a default key for query results of the project. Messages stay on the queue until then.',
  },
  WAREHOUSE_NOT_FOUND: {
    kind: 'retryable',
    message: 'working on {path}: {found}',
    remedy:
      'Compare `project`, `dataset` and `location` of `warehouse` in pipelines.yaml with the Google Cloud console. Messages stay on the queue until then.',
  },
  WAREHOUSE_UNREACHABLE: {
    kind: 'retryable',
    message: 'working on {path}: {found}',
    remedy:
      'Check that this machine can reach bigquery.googleapis.com (including any proxy or firewall), then run the command again. Messages stay on the queue until then.',
  },
  WAREHOUSE_IS_NO_FILE: {
    kind: 'terminal',
    message: 'rebuilding {path}: this warehouse is not a file, so it cannot be rebuilt',
    remedy:
      'Load the documents again with `sp-reports reload`, or fill another warehouse with `sp-reports rebuild --into`. For earlier states of tables, see time travel in docs/bigquery.md.',
  },
  ANSWER_TOO_LARGE: {
    kind: 'terminal',
    message: 'writing the answer as {format}: {found}',
    remedy: 'Use `--format csv`, which holds any answer, or select less.',
  },
  PUBLISH_FAILED: {
    kind: 'retryable',
    message: 'publishing a copy of {warehouse} as {path}: {found}',
    remedy:
      'Make room on the disk of the copy, and make sure that the user that the program runs as can write its folder; `sp-reports doctor` tests both. Loading continues, the last copy stays as it was, and the program tries again by itself.',
  },
  NAME_UNKNOWN: {
    kind: 'terminal',
    message: 'looking for the {kind} {found}: the warehouse has none of that name',
    remedy: 'Use a name that exists: {hint}',
  },
  QUERY_FAILED: {
    kind: 'terminal',
    message: 'running the query: {found}',
    remedy: 'Fix the query: {hint}',
  },
  REBUILD_INCOMPLETE: {
    kind: 'terminal',
    message:
      'rebuilding {path}: neither {lake} nor {raw} has an intact copy of {count} in its ledger, for example {first}',
    remedy:
      'Nothing was changed. Check `lake` and `raw` in pipelines.yaml. Run `sp-reports verify --repair`, which restores what it can, then rebuild again. If the documents are lost for good, run `sp-reports rebuild --accept-loss`.',
  },
  PARQUET_DAMAGED: {
    kind: 'terminal',
    message: 'reading {path}: the file has changed since it was written: {found}',
    remedy:
      'Make it again from the raw document: run `sp-reports reload` with the document id, which is part of the file name.',
  },
  UNLOAD_REFUSED: {
    kind: 'terminal',
    message: 'unloading {thing}: {found}',
    remedy:
      'Nothing was changed. `sp-reports loads` and `sp-reports verify` show the state of each document.',
  },
  NOT_LOADED: {
    kind: 'terminal',
    message: 'looking for {thing}: not in the ledger{nearest}',
    remedy: 'See `sp-reports loads` for the documents and `sp-reports tables` for the tables.',
  },
} as const satisfies Record<string, CatalogueEntry>;
