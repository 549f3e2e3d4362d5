import type { CatalogueEntry } from './entry.js';

/** Errors of a warehouse in PostgreSQL. */
export const postgresErrors = {
  POSTGRES_UNREACHABLE: {
    kind: 'retryable',
    message: 'working on {path}: the server does not answer, or ended the connection ({found})',
    remedy:
      'Check that the server runs, that this machine can reach it, and that it has connections left (`max_connections`). Nothing is lost: messages stay on the queue, and a later run continues.',
  },
  POSTGRES_ACCESS_DENIED: {
    kind: 'retryable',
    message: 'working on {path}: PostgreSQL refused access ({found})',
    remedy:
      'Check the user, password and database in `warehouse.url` of pipelines.yaml, and the rights of the user: CREATE on the database for a new schema, otherwise CREATE and USAGE on the schema, and ownership of its tables. See docs/postgres.md. Messages stay on the queue until then.',
  },
  POSTGRES_TLS_FAILED: {
    kind: 'retryable',
    message: 'connecting to {path}: no connection with TLS as `sslmode` demands it ({found})',
    remedy:
      'Set `sslmode` and `sslrootcert` in `warehouse.url` of pipelines.yaml to what the server has. docs/postgres.md describes each mode. Messages stay on the queue until then.',
  },
  POSTGRES_READ_ONLY: {
    kind: 'retryable',
    message: 'writing to {path}: the server is read-only ({found})',
    remedy:
      'Connect to the primary server: a standby accepts no writes. After a failover, update `warehouse.url` in pipelines.yaml. Messages stay on the queue until then.',
  },
  POSTGRES_BLOCKED: {
    kind: 'retryable',
    message: 'working on {path}: another session is in the way ({found})',
    remedy:
      'A session that has read a table in a transaction that is still open keeps its columns from being changed. End that session, or wait until it is done. Nothing is lost: messages stay on the queue, and a later run continues.',
  },
  POSTGRES_VIEW_IN_THE_WAY: {
    kind: 'retryable',
    message: 'widening a column in {path}: a view of yours uses it ({found})',
    remedy:
      'PostgreSQL does not change the type of a column that a view uses. Drop the view, run again, and create the view again. Nothing is lost: messages stay on the queue until then.',
  },
  POSTGRES_OUT_OF_RESOURCES: {
    kind: 'retryable',
    message: 'working on {path}: the server cannot do its work ({found})',
    remedy:
      'Look at the log of the server, and at its disk and memory. Nothing is lost: messages stay on the queue, and a later run continues.',
  },
  POSTGRES_UNSUPPORTED: {
    kind: 'retryable',
    message: 'opening {path}: {found}',
    remedy:
      'Use PostgreSQL 14 or later, and a database with the encoding UTF8. A pooler must pool by session or by transaction. Messages stay on the queue until then.',
  },
} as const satisfies Record<string, CatalogueEntry>;
