import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeContext } from '../ingest/fake-context.js';
import { openCommitPoll, problemOfRuns } from '../../src/status/read-commits.js';
import type { RunRecord } from '../../src/status/types.js';

const time = (minute: number) => `2026-11-25T12:${String(minute).padStart(2, '0')}:00.000Z`;
const run = (
  startMinute: number,
  endMinute: number | undefined,
  more: Partial<RunRecord> = {},
): RunRecord => ({
  pipeline: 'all',
  kind: 'drain',
  startedAt: time(startMinute),
  endedAt: endMinute === undefined ? undefined : time(endMinute),
  outcomes: {},
  rows: 0,
  bytes: 0,
  failures: [],
  ...more,
});
const failure = (code: string) => ({ key: 'A1/doc-1', sellerId: 'A1', code, message: `${code} happened` });
const error = (code: string) => ({ code, message: `${code} happened`, remedy: `Act on ${code}.` });
/** Runs are listed by when they started, the newest first. */
const codeOf = (...runs: RunRecord[]) => problemOfRuns(runs)?.code;

describe('whether loads can be committed', () => {
  it('is shown by a drain that could not, until a later one could', () => {
    for (const code of ['WAREHOUSE_LOCKED', 'DISK_FULL', 'FILE_SYSTEM_FAILED', 'BUCKET_ACCESS_DENIED']) {
      const locked = run(10, 11, { error: error(code) });
      assert.deepEqual(problemOfRuns([locked]), { ...error(code), since: time(10) });
      assert.equal(codeOf(run(12, 13), locked), undefined);
      assert.equal(codeOf(locked, run(8, 9)), code);
    }
  });

  it('is shown by a failed document too, as soon as it has failed', () => {
    const full = run(10, undefined, { failures: [failure('API_UNAVAILABLE'), failure('DISK_FULL')] });
    assert.equal(codeOf(full, run(8, 9)), 'DISK_FULL');
  });

  it('goes by when runs ended, as pipelines overlap', () => {
    const long = run(1, 20, { failures: [failure('WAREHOUSE_UNREACHABLE')] });
    assert.equal(codeOf(run(5, 6), long), 'WAREHOUSE_UNREACHABLE');
    assert.equal(codeOf(run(15, 25), long), undefined);
  });

  it('is not disproved by what says nothing of it: other failures, sweeps, and a drain still going on', () => {
    const locked = run(10, 11, { error: error('WAREHOUSE_LOCKED') });
    assert.equal(codeOf(run(12, undefined), locked), 'WAREHOUSE_LOCKED');
    assert.equal(codeOf(run(12, 13, { kind: 'sweep' }), locked), 'WAREHOUSE_LOCKED');
    assert.equal(codeOf(run(12, 13, { error: error('QUEUE_UNREACHABLE') }), locked), 'WAREHOUSE_LOCKED');
    assert.equal(codeOf(run(12, 13, { failures: [failure('WAREHOUSE_REFUSED')] })), undefined);
    assert.equal(codeOf(), undefined);
  });

  it('is probed in the folders between drains: every 30 s, and every 5 s while it fails', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sp-reports-'));
    try {
      let nowMs = 0;
      const clock = {
        now: () => nowMs,
        sleep: () => new Promise<void>(() => {}),
        every: () => assert.fail(),
      };
      const places = { raw: 'gs://bucket/raw', lake: join(folder, 'lake'), state: join(folder, 'state') };
      const warehouse = {
        type: 'duckdb' as const,
        path: join(folder, 'w.duckdb'),
        memoryLimitMegabytes: 512,
      };
      const context = fakeContext({ config: { ...places, warehouse }, clock });
      const read = openCommitPoll(context, { runs: () => [] });
      assert.equal(await read(), undefined);
      rmSync(places.lake, { recursive: true });
      writeFileSync(places.lake, 'no folder');
      nowMs += 29_000;
      assert.equal(await read(), undefined);
      nowMs += 1000;
      assert.equal((await read())?.code, 'FILE_SYSTEM_FAILED');
      rmSync(places.lake);
      nowMs += 5000;
      assert.equal(await read(), undefined);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
