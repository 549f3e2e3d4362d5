import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReportsError } from '../../src/errors/reports-error.js';
import type { Clock } from '../../src/runtime/clock.js';
import { systemClock } from '../../src/runtime/clock.js';
import { openBigQueryWarehouse } from '../../src/warehouse/bigquery/warehouse.js';
import type { Load } from '../../src/warehouse/types.js';
import { Recorder } from './analyzer/recorder.js';
import { AnsweringProxy, type BadAnswer, mayRefuse } from './bigquery-answers.js';
import { type MadeTable, makeLoad } from './make-load.js';

/** Later than any attempt that was interrupted. */
const laterMs = 16 * 60_000;

/** A document that makes the tables, one that changes them and one that needs no change. */
export class BadAnswers {
  private readonly folder = mkdtempSync(join(tmpdir(), 'answers-'));
  private skippedMs = 0;
  /** Pauses take no time. Those of BigQuery's own client do. */
  private readonly clock: Clock = {
    ...systemClock,
    now: () => Date.now() + this.skippedMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      this.skippedMs += ms;
      await new Promise(setImmediate);
    },
  };

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private load(month: number, v: string, more: MadeTable[] = []): Promise<Load> {
    const documentId = `d${month}`;
    const things: MadeTable = {
      name: 'things',
      mode: 'merge',
      key: ['v'],
      partitionBy: 'v',
      columns: { v, a: 'string' },
      rows: [{ v: v === 'date' ? '2026-05-06' : 'soon', a: documentId }],
    };
    const reportCreatedAt = `2026-0${month}-01T00:00:00.000Z`;
    const reject = { table: 'things', row: 1, column: 'a', raw: 'x', reason: 'y' };
    return makeLoad(this.folder, { documentId, reportCreatedAt }, [things, ...more], [reject]);
  }

  /**
   * Commits while the request at that position has a bad answer. Verifies that this ends well or
   * with an error of the catalogue, and that all documents load afterwards. Returns whether there
   * was such a request.
   */
  async at(position: number, name: string, answer: BadAnswer, times = 1): Promise<boolean> {
    const recorder = await Recorder.start();
    const proxy = await AnsweringProxy.start(recorder.endpoint);
    const { clock } = this;
    /** As another process would open it. */
    const open = () =>
      openBigQueryWarehouse({ project: 'p', dataset: 'd', location: 'EU', endpoint: proxy.endpoint, clock });
    const more = { name: 'more', columns: { x: 'json' }, rows: [{ x: '{}' }] };
    const [first, second, third] = await Promise.all([
      this.load(6, 'date'),
      this.load(7, 'string', [more]),
      this.load(8, 'date'),
    ]);
    try {
      await open().commit([first]);
      proxy.answerAt(position, answer, times);
      const error: unknown = await open()
        .commit([second])
        .then(
          () => undefined,
          (refused: unknown) => refused,
        );
      const where = `${name} at ${position}: ${proxy.requested[position]}`;
      const isGiven = proxy.isGiven;
      proxy.heal();
      if (error !== undefined) {
        assert.ok(error instanceof ReportsError, `${where}: ${String(error)}`);
        assert.match(error.code, /^WAREHOUSE_/, where);
        assert.ok(error.remedy.length > 0, where);
        // Of a document that is refused, the ledger says so for good.
        if (!mayRefuse.has(name)) assert.notEqual(error.code, 'WAREHOUSE_REFUSED', where);
      }
      this.skippedMs += laterMs;
      await open().commit([third]);
      await open().commit([second]);
      const keys = [first, second, third].map(({ entry }) => entry.key);
      assert.deepEqual([...(await open().seen(keys)).keys()].sort(), keys.sort(), where);
      return isGiven;
    } finally {
      proxy.close();
      recorder.close();
    }
  }
}
