import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../src/', import.meta.url));

/** Calls that read the machine's time or wait for it. */
const direct = /Date\.now\b|new Date\(\)|timers\/promises|\bset(Timeout|Interval)\(/;

describe('the clock', () => {
  it('is the only source of time outside src/runtime', () => {
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
      (file) => /\.c?ts$/.test(file) && !/^(runtime|kernel)\//.test(file),
    );
    const found = files.filter((file) => direct.test(readFileSync(`${root}${file}`, 'utf8')));
    assert.deepEqual(found, []);
  });
});
