/** A bucket and the beginning of the names in it, as settings write it. */
export interface BucketUrl {
  scheme: 'gs' | 's3';
  bucket: string;
  /** Without slashes at its ends; '' for the whole bucket. */
  beginning: string;
}

/** Reads `gs://bucket/beginning`; undefined for a path, which has no scheme, and for what names no bucket. */
export function readBucketUrl(text: string): BucketUrl | undefined {
  const found = /^(gs|s3):\/\/([a-z0-9][\w.-]+)((?:\/[^/]+)*)\/?$/.exec(text);
  if (!found) return undefined;
  const [, scheme, bucket = '', path = ''] = found;
  if (/\/\.\.?(\/|$)/.test(path)) return undefined;
  return { scheme: scheme as BucketUrl['scheme'], bucket, beginning: path.slice(1) };
}

/** Whether a place was meant as a URL: no folder is called so. */
export function hasScheme(text: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(text);
}

/** Whether a place was meant as that of a bucket, with one slash too few say: no folder is called so. */
export function isMeantForBucket(text: string): boolean {
  return /^(gs|s3):/i.test(text);
}

/** The URL in the one form that others are compared with. */
export function bucketUrlText({ scheme, bucket, beginning }: BucketUrl): string {
  return `${scheme}://${bucket}${beginning && `/${beginning}`}`;
}
