import type { CatalogueEntry } from './entry.js';

/** Errors of the buckets that store the lake and the raw documents. */
export const bucketErrors = {
  BUCKET_ACCESS_DENIED: {
    kind: 'retryable',
    message: 'working on {url}: access denied ({found})',
    remedy:
      'Allow the identity that the program runs as to list, read, write and delete objects there (see docs/lake.md). Messages stay on the queue until then.',
  },
  BUCKET_NOT_FOUND: {
    kind: 'retryable',
    message: 'working on {url}: the bucket does not exist ({found})',
    remedy:
      'Create the bucket, or check `lake`, `raw` and `bucket` in pipelines.yaml. Messages stay on the queue until then.',
  },
  BUCKET_UNREACHABLE: {
    kind: 'retryable',
    message: 'working on {url}: {found}',
    remedy:
      'Check that this machine can reach it (including any proxy or firewall), and check `bucket.endpoint` in pipelines.yaml. The next run tries again.',
  },
  BUCKET_CHANGED: {
    kind: 'retryable',
    message: 'writing {url}: another process wrote it at the same time ({found})',
    remedy: 'Nothing was lost. Run the command again.',
  },
} as const satisfies Record<string, CatalogueEntry>;
