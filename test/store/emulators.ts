import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { buildApp } from 'fauxqs';
import { silenceAwsNodeWarning } from '../../src/runtime/aws-sdk.js';
import { openGsBucket } from '../../src/store/gs-bucket.js';
import { openS3Bucket } from '../../src/store/s3-bucket.js';
import type { Bucket } from '../../src/store/types.js';

/** A bucket of an emulator on loopback. */
export interface BucketEmulator {
  /** `s3://name` or `gs://name`. */
  url: string;
  endpoint: string;
  bucket: Bucket;
  close(): Promise<void>;
}

/** Credentials that the emulator accepts. */
export const s3Environment = {
  AWS_ACCESS_KEY_ID: 'sandbox',
  AWS_SECRET_ACCESS_KEY: 'sandbox',
  AWS_REGION: 'us-east-1',
};

/** S3 by fauxqs, in this process. */
export async function startS3(): Promise<BucketEmulator> {
  silenceAwsNodeWarning();
  Object.assign(process.env, s3Environment);
  const server = buildApp({ logger: false });
  const endpoint = await server.listen({ port: 0, host: '127.0.0.1' });
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
  const name = `lake-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket: name }));
  client.destroy();
  return {
    url: `s3://${name}`,
    endpoint,
    bucket: openS3Bucket({ bucket: name, endpoint }),
    close: () => server.close() as Promise<void>,
  };
}

/**
 * The emulator of Google Cloud Storage that `scripts/storage-emulator` starts; undefined without
 * it.
 */
export const gsEndpoint = process.env.STORAGE_EMULATOR;

/** A new bucket of it. */
export async function makeGsBucket(endpoint: string): Promise<BucketEmulator> {
  const name = `lake-${randomUUID()}`;
  await fetch(`${endpoint}/storage/v1/b?project=test`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  });
  return {
    url: `gs://${name}`,
    endpoint,
    bucket: openGsBucket({ bucket: name, endpoint }),
    close: async () => {},
  };
}
