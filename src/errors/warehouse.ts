import type { CatalogueEntry } from './entry.js';

/** Of the warehouse. */
export const warehouseErrors = {
  WAREHOUSE_LOCKED: {
    kind: 'retryable',
    message: 'opening {path}: another program holds it ({found})',
    remedy:
      'Close the file in the other program, then run again. A program that keeps it open blocks every commit, one that opened it read-only too; `sp-reports query` opens it only while it reads.',
  },
  WAREHOUSE_OUT_OF_MEMORY: {
    kind: 'retryable',
    message: 'working on {path}: {found}',
    remedy:
      'Raise `warehouse.memoryLimitMegabytes` in pipelines.yaml, then run again, or `sp-reports reload --status quarantined`.',
  },
  WAREHOUSE_UNREADABLE: {
    kind: 'terminal',
    message: 'opening {path}: {found}',
    remedy:
      'Run `sp-reports run` or `sp-reports rebuild`: the file is set aside, and made again from the lake and the raw documents.',
  },
  WAREHOUSE_REFUSED: {
    kind: 'terminal',
    message: 'loading {thing} into {path}: {found}',
    remedy: 'The raw document and its Parquet are kept; mend the schema, then `sp-reports reload {thing}`.',
  },
  WAREHOUSE_MISSING: {
    kind: 'terminal',
    message: 'opening {path}: nothing has been loaded yet',
    remedy: 'Run `sp-reports run`, `sp-reports load FILE --type REPORT_TYPE`, or scripts/demo first.',
  },
  WAREHOUSE_BUSY: {
    kind: 'retryable',
    message: 'working on {path}: others write to it ({found})',
    remedy: 'Nothing is lost: a later run goes on with it.',
  },
  WAREHOUSE_QUOTA_EXCEEDED: {
    kind: 'retryable',
    message: 'working on {path}: a quota of the project is used up ({found})',
    remedy:
      'Nothing was lost: messages stay on the queue, and a later drain takes them. For more, see the limits in docs/bigquery.md, or have the quota raised in the Google Cloud console.',
  },
  WAREHOUSE_ACCESS_DENIED: {
    kind: 'retryable',
    message: 'working on {path}: Google refused access ({found})',
    remedy:
      'Give the account roles/bigquery.jobUser on the project and roles/bigquery.dataEditor on the dataset, and set `warehouse.keyFile` in pipelines.yaml or GOOGLE_APPLICATION_CREDENTIALS; messages stay on the queue meanwhile.',
  },
  WAREHOUSE_NOT_FOUND: {
    kind: 'retryable',
    message: 'working on {path}: {found}',
    remedy:
      'Check `project`, `dataset` and `location` of `warehouse` in pipelines.yaml against the Google Cloud console; messages stay on the queue meanwhile.',
  },
  WAREHOUSE_UNREACHABLE: {
    kind: 'retryable',
    message: 'working on {path}: {found}',
    remedy:
      'Check that this machine reaches bigquery.googleapis.com, proxy and firewall included; then run it again. Messages stay on the queue meanwhile.',
  },
  WAREHOUSE_IS_NO_FILE: {
    kind: 'terminal',
    message: 'rebuilding {path}: it is no file that could be made again beside the old one',
    remedy:
      'Load the documents again with `sp-reports reload`; for tables as they were before, see time travel in docs/bigquery.md.',
  },
  QUERY_FAILED: {
    kind: 'terminal',
    message: 'running the query: {found}',
    remedy: 'Mend the query: {hint}',
  },
  REBUILD_INCOMPLETE: {
    kind: 'terminal',
    message:
      'rebuilding {path}: of its ledger {count} can be found whole neither in {lake} nor in {raw}, {first} for one',
    remedy:
      'Nothing was changed. Check `lake` and `raw` in pipelines.yaml; where they are lost for good, `sp-reports rebuild --accept-loss`.',
  },
  PARQUET_DAMAGED: {
    kind: 'terminal',
    message: 'reading {path}: it is not what was written: {found}',
    remedy:
      'Make it again from the raw document with `sp-reports reload` and the document id, which is in its name.',
  },
  NOT_LOADED: {
    kind: 'terminal',
    message: 'looking for {thing}: not in the ledger{nearest}',
    remedy: 'See `sp-reports loads` for the documents and `sp-reports tables` for the tables.',
  },
} as const satisfies Record<string, CatalogueEntry>;
