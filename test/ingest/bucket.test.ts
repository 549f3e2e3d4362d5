import { gsEndpoint, makeGsBucket, startS3 } from '../store/emulators.js';
import { describeBucket } from './bucket-suite.js';

describeBucket('S3', startS3);

if (gsEndpoint) {
  // bucket.slow.test.ts has the failures.
  describeBucket('Google Cloud Storage', () => makeGsBucket(gsEndpoint ?? ''), ['use']);
} else {
  it(
    'a lake in a bucket of Google Cloud Storage: pending, as STORAGE_EMULATOR is not set; see scripts/storage-emulator',
  );
}
