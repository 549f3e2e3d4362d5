import { itEndsCrashes } from './crashing-document.js';

describe('delivery of messages without a redrive policy', () => {
  itEndsCrashes(undefined);
});
