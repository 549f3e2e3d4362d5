import assert from 'node:assert/strict';
import { clockCheck } from '../../src/connect/machine-checks.js';
import { startSandbox } from '../../src/sandbox/sandbox.js';

describe('the clock check', () => {
  it("compares the clock with Amazon's to a minute, and says if there is no answer", async () => {
    const sandbox = await startSandbox();
    const at = (seconds: number) => clockCheck(sandbox.apiEndpoint, () => Date.now() + seconds * 1000).look();
    assert.equal((await at(30)).next, undefined);
    const late = await at(-600);
    assert.match(late.found, /^(599|600) s behind Amazon's$/);
    assert.match(late.next ?? '', /time server/);
    await sandbox.close();
    assert.match((await at(0)).found, /^no answer from http/);
  });
});
