import { gsEndpoint, makeGsBucket } from '../store/emulators.js';
import { describeBucket } from './bucket-suite.js';

if (gsEndpoint) {
  describeBucket('Google Cloud Storage', () => makeGsBucket(gsEndpoint ?? ''), ['failure']);
} else {
  it(
    'failures of a bucket of Google Cloud Storage: pending, as STORAGE_EMULATOR is not set; see scripts/storage-emulator',
  );
}
