import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommitReservation, CommitQueue } from '../../src/ingest/commit-queue.js';
import { ledgerEntry } from '../../src/warehouse/ledger/ledger-entry.js';
import type { Load } from '../../src/warehouse/types.js';
import { fakeContext } from './fake-context.js';
import { simulateClock } from '../runtime/simulated-clock.js';
import { openFolderStore } from '../../src/store/folder-store.js';

describe('a document that is ready to commit', () => {
  let lake: string;
  let clock: ReturnType<typeof simulateClock>;
  /** How many loads each commit had. */
  let commits: number[];
  let reserved: CommitReservation;
  let queue: CommitQueue;

  beforeEach(() => {
    lake = mkdtempSync(join(tmpdir(), 'sp-reports-test-'));
    clock = simulateClock();
    commits = [];
    const warehouse = {
      async commit(loads: Load[]) {
        commits.push(loads.length);
        return [];
      },
      // One that was not lost: it has an earlier load.
      loadFields: async () => [{ key: 'earlier' }] as never,
    };
    const context = fakeContext({ lake: openFolderStore(lake), clock, warehouse });
    queue = new CommitQueue(context);
    reserved = queue.reserve();
  });
  afterEach(() => rmSync(lake, { recursive: true, force: true }));

  const submit = (count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        queue.submit({
          entry: ledgerEntry({ key: `A1/d${index}`, status: 'empty' }),
          tables: [],
          rejectsPath: null,
        }),
      ),
    );

  it('is committed at once if nothing else is in progress', async () => {
    reserved.cancel();
    await submit(1);
    assert.deepEqual(commits, [1]);
  });

  it('waits for what is in progress, and no longer', async () => {
    const first = submit(2);
    await clock.runUntil(clock.sleep(20));
    assert.deepEqual(commits, []);
    const second = submit(1);
    reserved.cancel();
    await Promise.all([first, second]);
    assert.deepEqual(commits, [3]);
  });

  it('waits for a second at most', async () => {
    const submitted = submit(2);
    await clock.runUntil(clock.sleep(999));
    assert.deepEqual(commits, []);
    await clock.runUntil(clock.sleep(1));
    await submitted;
    assert.deepEqual(commits, [2]);
  });

  it('is committed without waiting if many are ready', async () => {
    await submit(200);
    assert.deepEqual(commits, [200]);
  });
});
