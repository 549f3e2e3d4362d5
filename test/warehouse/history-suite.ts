import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Clock, systemClock } from '../../src/runtime/clock.js';
import type { Histories } from '../../src/schema/history.js';
import type { HistoryMode } from '../../src/schema/types.js';
import type { LedgerEntry, Load, Warehouse } from '../../src/warehouse/types.js';
import { runs } from '../property-runs.js';
import { changesOf, dailyOf, histories, remaining, type Snapshot, type Step } from './history-model.js';
import { type MadeTable, makeLoad } from './make-load.js';

/** What a warehouse with histories is opened with. */
export interface HistoryOptions {
  histories: Histories;
  clock: Clock;
}

const startMs = Date.UTC(2026, 0, 1);
const hourMs = 3_600_000;

/**
 * The promises of the histories of every warehouse. `open` returns a new, empty one for each
 * folder, and the same one again for the same folder.
 */
export function describeHistory(
  name: string,
  open: (folder: string, options: HistoryOptions) => Promise<Warehouse>,
  { runs: usualRuns = 6 }: { runs?: number } = {},
): void {
  describe(`the histories of a ${name} warehouse`, () => {
    let folder: string;
    let nowMs: number;
    const clock: Clock = { ...systemClock, now: () => nowMs };

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'history-'));
      nowMs = startMs + 1000 * hourMs;
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    const keeping = (mode: HistoryMode, personal: string[] = []): Histories =>
      new Map([
        [
          'things',
          { mode, keep: { count: 400, unit: 'day' }, isPersonal: (column) => personal.includes(column) },
        ],
      ]);
    const opened = (mode: HistoryMode, personal?: string[]) =>
      open(mkdtempSync(join(folder, 'case-')), { histories: keeping(mode, personal), clock });
    const snapshot = (entry: Partial<LedgerEntry>, table: Omit<MadeTable, 'mode'>) =>
      makeLoad(join(folder, 'lake'), entry, { ...table, mode: 'snapshot' });
    /** A document whose data ends some hours after the beginning of 2026. */
    const report = (
      id: number,
      hour: number | null,
      prices: Record<string, string>,
      { columns = {}, ...entry }: Partial<LedgerEntry> & { columns?: Record<string, string> } = {},
    ) => {
      const rows = Object.entries(prices).map(([sku, price]) => ({ sku, price, note: 'x' }));
      return snapshot(
        {
          documentId: `d${id}`,
          reportId: String(id),
          dataEnd: hour === null ? null : isoAt(hour),
          reportCreatedAt: hour === null ? null : isoAt(hour),
          marketplaceIds: ['DE'],
          status: rows.length === 0 ? 'empty' : 'loaded',
          ...entry,
        },
        { columns: { sku: 'string', price: 'decimal(18,4)', ...columns }, rows },
      );
    };
    const rows = async (warehouse: Warehouse) => (await warehouse.query('SELECT * FROM things_history')).rows;
    const changes = async (warehouse: Warehouse) =>
      (await rows(warehouse))
        .map(
          ({ sku, price, valid_from: from, valid_to: to }) =>
            `${hourOf(from)}-${hourOf(to)} ${sku} ${number(price)}`,
        )
        .sort();
    const days = async (warehouse: Warehouse) =>
      (await rows(warehouse)).map(({ sku, price, valid_on: day }) => `${day} ${sku} ${number(price)}`).sort();

    it('say from when to when each row was valid, and which rows are current', async () => {
      const warehouse = await opened('changes');
      await warehouse.commit([await report(1, 1, { a: '10', b: '5' })]);
      await warehouse.commit([await report(2, 2, { a: '10', b: '6' })]);
      await warehouse.commit([await report(3, 3, { a: '12' })]);
      assert.deepEqual(await changes(warehouse), ['1-2 b 5', '1-3 a 10', '2-3 b 6', '3- a 12']);
      await warehouse.commit([await report(4, 4, {})]);
      assert.deepEqual(await changes(warehouse), ['1-2 b 5', '1-3 a 10', '2-3 b 6', '3-4 a 12']);
    });

    it('take a late report in where it belongs', async () => {
      const warehouse = await opened('changes');
      await warehouse.commit([await report(1, 1, { a: '10' }), await report(3, 3, { a: '10' })]);
      assert.deepEqual(await changes(warehouse), ['1- a 10']);
      await warehouse.commit([await report(2, 2, { a: '9' })]);
      assert.deepEqual(await changes(warehouse), ['1-2 a 10', '2-3 a 9', '3- a 10']);
    });

    it('have the rows of the last report of each day in UTC', async () => {
      const warehouse = await opened('daily');
      await warehouse.commit([await report(2, 23, { a: '2' }), await report(3, 24, { a: '3', b: '3' })]);
      await warehouse.commit([await report(1, 1, { a: '1' })]);
      assert.deepEqual(await days(warehouse), ['2026-01-01 a 2', '2026-01-02 a 3', '2026-01-02 b 3']);
      await warehouse.commit([await report(4, 47, { a: '4' })]);
      assert.deepEqual(await days(warehouse), ['2026-01-01 a 2', '2026-01-02 a 4']);
    });

    it('take the time of creation if a report has no data period, and leave out what has neither', async () => {
      const warehouse = await opened('changes');
      await warehouse.commit([await report(1, 1, { a: '1' }, { dataEnd: null })]);
      await warehouse.commit([await report(2, null, { a: '2' })]);
      assert.deepEqual(await changes(warehouse), ['1- a 1']);
    });

    it('get new columns and wider types with their tables', async () => {
      const warehouse = await opened('changes');
      await warehouse.commit([await report(1, 1, { a: '10', b: '20' })]);
      await warehouse.commit([await report(2, 2, { a: '10', b: '21' }, { columns: { price: 'string' } })]);
      assert.deepEqual(await changes(warehouse), ['1- a 10', '1-2 b 20', '2- b 21']);
      await warehouse.commit([await report(3, 3, { a: '10' }, { columns: { note: 'string' } })]);
      assert.deepEqual(await changes(warehouse), ['1-2 b 20', '1-3 a 10', '2-3 b 21', '3- a 10']);
    });

    for (const mode of ['changes', 'daily'] as const) {
      it(`by ${mode === 'daily' ? 'days' : mode} may begin with a document whose columns are unknown`, async () => {
        const warehouse = await opened(mode);
        // One column at most, because the emulator of BigQuery adds one at a time.
        const made = (id: number, found: { sku: string }[]) =>
          snapshot(
            { documentId: `d${id}`, dataEnd: isoAt(id), marketplaceIds: ['DE'] },
            { columns: found.length > 0 ? { sku: 'string' } : {}, rows: found },
          );
        await warehouse.commit([await made(1, [])]);
        assert.deepEqual(await rows(warehouse), []);
        await warehouse.commit([await made(2, [{ sku: 'a' }])]);
        assert.deepEqual(
          (await rows(warehouse)).map(({ sku }) => sku),
          ['a'],
        );
        await warehouse.commit([await made(3, [])]);
        assert.deepEqual(
          (await rows(warehouse)).map(({ valid_to: to }) => hourOf(to)),
          mode === 'changes' ? ['3'] : [],
        );
      });

      it(`by ${mode === 'daily' ? 'days' : mode} have no personal data, and lose what counts as such later`, async () => {
        const warehouse = await opened(mode, ['note']);
        const load = await report(1, 1, { a: '10' }, { columns: { note: 'string' } });
        await warehouse.commit([load]);
        const [row = {}] = await rows(warehouse);
        assert.deepEqual([row.sku, 'note' in row], ['a', false]);
        await warehouse.removePersonalData([load.entry], (_, table, columns) =>
          table === 'things' ? columns.filter((column) => column === 'sku') : [],
        );
        assert.deepEqual(
          (await rows(warehouse)).map(({ sku }) => sku),
          [null],
        );
      });
    }

    it('forget what stopped being valid longer ago than they are kept', async () => {
      const hours = 400 * 24;
      const byChanges = await opened('changes');
      const byDays = await opened('daily');
      for (const warehouse of [byChanges, byDays]) {
        nowMs = startMs + 100 * hourMs;
        await warehouse.commit([
          await report(1, 1, { a: '1', b: '1' }),
          await report(2, 30, { a: '2', b: '1' }),
        ]);
        nowMs = startMs + (hours + 25) * hourMs;
        await warehouse.commit([await report(3, hours, { a: '3', b: '1' })]);
      }
      assert.deepEqual(
        await changes(byChanges),
        [`1- b 1`, '1-30 a 1', `30-${hours} a 2`, `${hours}- a 3`].sort(),
      );
      assert.deepEqual(await days(byDays), [
        '2026-01-02 a 2',
        '2026-01-02 b 1',
        '2027-02-05 a 3',
        '2027-02-05 b 1',
      ]);
      nowMs += 10 * hourMs;
      for (const warehouse of [byChanges, byDays])
        await warehouse.commit([await report(4, hours + 30, { a: '3', b: '1' })]);
      assert.deepEqual(await changes(byChanges), [`1- b 1`, `30-${hours} a 2`, `${hours}- a 3`].sort());
    });

    it('keep their kind if a document has a column with the name of one that histories have', async () => {
      const warehouse = await opened('changes');
      await warehouse.commit([await report(1, 1, { a: '1' })]);
      const row = { sku: 'a', price: '1', valid_on: 'x' };
      const columns = { sku: 'string', price: 'decimal(18,4)', valid_on: 'string' };
      const entry = { documentId: 'd2', dataEnd: isoAt(2), marketplaceIds: ['DE'] };
      await warehouse.commit([await snapshot(entry, { columns, rows: [row] })]);
      await warehouse.commit([await report(3, 3, { a: '2' })]);
      assert.deepEqual(await changes(warehouse), ['1-3 a 1', '3- a 2']);
    });

    it('end with the next report once the settings want no history', async () => {
      const here = mkdtempSync(join(folder, 'case-'));
      const warehouse = await open(here, { histories: keeping('changes'), clock });
      await warehouse.commit([await report(1, 1, { a: '1' })]);
      const without = await open(here, { histories: new Map(), clock });
      await without.commit([await report(2, 2, { a: '1' }), await report(3, 3, { a: '1' })]);
      assert.deepEqual(await changes(without), ['1-2 a 1']);
      await warehouse.commit([await report(4, 4, { a: '1' })]);
      assert.deepEqual(await changes(warehouse), ['1-2 a 1', '4- a 1']);
    });

    it('stay as they were begun if the settings want another kind', async () => {
      const here = mkdtempSync(join(folder, 'case-'));
      await (await open(here, { histories: keeping('changes'), clock })).commit([
        await report(1, 1, { a: '1' }),
      ]);
      const warehouse = await open(here, { histories: keeping('daily'), clock });
      await warehouse.commit([await report(2, 2, { a: '2' })]);
      assert.deepEqual(await changes(warehouse), ['1-2 a 1', '2- a 2']);
    });

    it('are dropped with their rows, unlike their tables, and begin again', async () => {
      const here = mkdtempSync(join(folder, 'case-'));
      const warehouse = await open(here, { histories: keeping('changes'), clock });
      await warehouse.commit([await report(1, 1, { a: '1' })]);
      assert.match(String(await warehouse.dropEmptyTable('things')), /has rows/);
      assert.equal(await warehouse.dropEmptyTable('things_history'), undefined);
      assert.deepEqual(
        (await warehouse.tables()).map(({ name }) => name),
        ['things'],
      );
      const byDays = await open(here, { histories: keeping('daily'), clock });
      await byDays.commit([await report(2, 25, { a: '2' })]);
      assert.deepEqual(await days(byDays), ['2026-01-02 a 2']);
    });

    it('are listed with their tables, whose loads they share', async () => {
      const warehouse = await opened('daily');
      await warehouse.commit([await report(1, 1, { a: '1' })]);
      const tables = await warehouse.tables();
      assert.deepEqual(
        tables.map(({ name, reportType, rows: count, history }) => [name, reportType, count, history]),
        [
          ['things', 'GET_TEST', 1, undefined],
          ['things_history', 'GET_TEST', 1, { of: 'things', mode: 'daily' }],
        ],
      );
      assert.equal(tables[0]?.lastLoadedAt, tables[1]?.lastLoadedAt);
    });

    for (const mode of ['changes', 'daily'] as const) {
      it(`by ${mode === 'daily' ? 'days' : mode} are the same for documents in any order, repeated, corrected and unloaded`, async () => {
        await fc.assert(
          fc.asyncProperty(histories, async ([documents, steps, perCommit]) => {
            const warehouse = await opened(mode);
            for (let at = 0; at < steps.length; at += perCommit) {
              const loads: Load[] = [];
              for (const step of steps.slice(at, at + perCommit)) loads.push(await loadOf(documents, step));
              await warehouse.commit(loads);
            }
            if (mode === 'daily') await bringBack(warehouse, documents, steps);
            const found = (await warehouse.query('SELECT * FROM things_history')).rows;
            assert.deepEqual(found.map((row) => textOf(row, mode)).sort(), expected(documents, steps, mode));
          }),
          { numRuns: runs(usualRuns) },
        );
      });
    }

    async function loadOf(documents: Snapshot[], { document, rows }: Step): Promise<Load> {
      const { seller, marketplaces, dataEnd, created } = documents[document] as Snapshot;
      const load = await snapshot(
        {
          sellerId: seller,
          documentId: `d${document}`,
          reportId: String(document),
          marketplaceIds: [...marketplaces],
          dataEnd: dataEnd === null ? null : isoAt(dataEnd),
          reportCreatedAt: created === null ? null : isoAt(created),
          status: rows?.length === 0 ? 'empty' : 'loaded',
        },
        { columns: { k: 'string' }, rows: (rows ?? []).map((k) => ({ k })) },
      );
      if (rows !== null) return load;
      return { ...load, entry: { ...load.entry, status: 'unloaded', tables: [] }, tables: [] };
    }

    /** As `unload` does, which loads the documents of the same day again. */
    async function bringBack(warehouse: Warehouse, documents: Snapshot[], steps: Step[]): Promise<void> {
      for (const [document, { rows }] of remaining(documents, steps))
        await warehouse.commit([await loadOf(documents, { document, rows })]);
    }
  });
}

function expected(documents: Snapshot[], steps: Step[], mode: HistoryMode): string[] {
  const there = remaining(documents, steps);
  const texts =
    mode === 'changes'
      ? changesOf(there).map(({ seller, marketplaces, row, from, to, first, endedBy }) =>
          [seller, marketplaces, row, from, to, `d${first}`, endedBy === null ? '' : `d${endedBy}`].join(' '),
        )
      : dailyOf(there).map(({ seller, marketplaces, row, day, document }) =>
          [seller, marketplaces, row, isoAt(day * 24).slice(0, 10), `d${document}`].join(' '),
        );
  return texts.sort();
}

function textOf(row: Record<string, unknown>, mode: HistoryMode): string {
  const { _seller_id, _marketplace_ids, k, valid_from, valid_to, valid_on, _document_id, _ended_by } = row;
  const of = [_seller_id, [...((_marketplace_ids ?? []) as string[])].sort(), k];
  return mode === 'changes'
    ? [...of, hourOf(valid_from), hourOf(valid_to), _document_id, _ended_by ?? ''].join(' ')
    : [...of, valid_on, _document_id].join(' ');
}

function isoAt(hour: number): string {
  return new Date(startMs + hour * hourMs).toISOString();
}

/** A number as text without trailing zeros, as warehouses differ in them. */
function number(value: unknown): string {
  return String(Number(value));
}

function hourOf(time: unknown): string {
  return time === null ? '' : String((Date.parse(String(time)) - startMs) / hourMs);
}
