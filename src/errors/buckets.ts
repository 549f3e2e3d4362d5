import type { CatalogueEntry } from './entry.js';

/** Of buckets of the lake and the raw documents. */
export const bucketErrors = {
  BUCKET_ACCESS_DENIED: {
    kind: 'retryable',
    message: 'working on {place}: access was refused ({found})',
    remedy:
      'Give the identity that the program runs as the rights to list, read, write and delete objects there, see docs/lake.md; messages stay on the queue meanwhile.',
  },
  BUCKET_NOT_FOUND: {
    kind: 'retryable',
    message: 'working on {place}: there is no such bucket ({found})',
    remedy:
      'Make the bucket, or check `lake`, `raw` and `bucket` in pipelines.yaml; messages stay on the queue meanwhile.',
  },
  BUCKET_UNREACHABLE: {
    kind: 'retryable',
    message: 'working on {place}: {found}',
    remedy:
      'Check that this machine reaches it, proxy and firewall included, and `bucket.endpoint` in pipelines.yaml; the next run tries again.',
  },
  BUCKET_CHANGED: {
    kind: 'retryable',
    message: 'writing {place}: somebody else has written it meanwhile ({found})',
    remedy: 'Nothing was lost: run the command again.',
  },
} as const satisfies Record<string, CatalogueEntry>;
