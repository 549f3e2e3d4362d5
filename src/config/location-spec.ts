import { z } from 'zod';
import { hasScheme, isMeantForBucket, readBucketUrl } from '../store/bucket-url.js';

const localPath = z
  .string()
  .min(1)
  .refine((text) => !hasScheme(text) && !isMeantForBucket(text), {
    error: (issue) =>
      `expected a path on this machine, found "${issue.input}"; only lake and raw can be in a bucket`,
  });

/** A path on this machine. */
export const folder = (path: string, description: string) => localPath.default(path).describe(description);

/** A path on this machine that has no default. */
export const requiredPath = (description: string) => localPath.describe(description);

/** A folder, or a prefix of names in a bucket. */
export const store = (path: string, description: string) =>
  z
    .string()
    .min(1)
    .refine((text) => (!hasScheme(text) && !isMeantForBucket(text)) || readBucketUrl(text) !== undefined, {
      error: (issue) =>
        `expected a folder, or a bucket such as gs://my-bucket/lake or s3://my-bucket/lake, found "${issue.input}"`,
    })
    .default(path)
    .describe(description);
