/** A bucket and a prefix of names in it, as settings write it. */
export interface BucketUrl {
  scheme: 'gs' | 's3';
  bucket: string;
  /** Without slashes at either end; '' for the whole bucket. */
  beginning: string;
}

/**
 * Reads `gs://bucket/beginning`. Returns undefined for a path, which has no scheme, and for text
 * that names no bucket.
 */
export function readBucketUrl(text: string): BucketUrl | undefined {
  const found = /^(gs|s3):\/\/([a-z0-9][\w.-]+)((?:\/[^/]+)*)\/?$/.exec(text);
  if (!found) return undefined;
  const [, scheme, bucket = '', path = ''] = found;
  if (/\/\.\.?(\/|$)/.test(path)) return undefined;
  return { scheme: scheme as BucketUrl['scheme'], bucket, beginning: path.slice(1) };
}

/** Whether text was meant as a URL: no folder has such a name. */
export function hasScheme(text: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(text);
}

/**
 * Whether text was meant as a bucket, for example with one slash too few: no folder has such a
 * name.
 */
export function isMeantForBucket(text: string): boolean {
  return /^(gs|s3):/i.test(text);
}

/** The URL in normal form, for comparison. */
export function bucketUrlText({ scheme, bucket, beginning }: BucketUrl): string {
  return `${scheme}://${bucket}${beginning && `/${beginning}`}`;
}
