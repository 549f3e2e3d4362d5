import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { ReportsError } from '../../src/errors/reports-error.js';
import type { Warning } from '../../src/errors/warnings.js';
import type { LoadMode } from '../../src/schema/types.js';
import { driftOfRows, openDrift } from '../../src/warehouse/ledger/drift.js';
import {
  ledgerKey,
  type LedgerEntry,
  type LedgerFilter,
  type LedgerRow,
  type Load,
  type Warehouse,
} from '../../src/warehouse/types.js';
import { type MadeReject, type MadeTable, makeLoad } from './make-load.js';
import { runs } from '../property-runs.js';

/** How the values of a warehouse differ from DuckDB's, as its documentation says too. */
export interface Ways {
  /** How many cases of each property are tried. */
  runs: number;
  /** Load modes with a key; if several share one code, one is enough. */
  keyedModes: ('merge' | 'replace')[];
  /** A decimal as an answer has it, from its text with all digits of its scale. */
  decimal(text: string): string;
  /** JSON as the text of a column that used to be JSON. */
  jsonText(text: string): string;
  /** Whether lists may contain NULL. */
  hasNullInLists: boolean;
  /** The place of its example among the queries of docs/errors.md. */
  exampleQuery: 0 | 1 | 2;
  /** Whether an answer may have columns of the same name. */
  hasColumnsOfOneName: boolean;
  /**
   * Whether a column may get a type for which all its values must be rewritten; an emulator may
   * lack it.
   */
  hasRewrites: boolean;
  /** The titles of the sections to run. Default: all. */
  sections?: string[];
}

const waysOfDuckDb: Ways = {
  runs: 4,
  keyedModes: ['merge', 'replace'],
  decimal: (text) => text,
  jsonText: (text) => text,
  hasNullInLists: true,
  exampleQuery: 0,
  hasColumnsOfOneName: true,
  hasRewrites: true,
};

/**
 * The promises of every warehouse. `open` returns a new, empty one, stored in `folder` if it is a
 * file.
 */
export function describeWarehouse(
  name: string,
  open: (folder: string) => Promise<Warehouse>,
  given: Partial<Ways> = {},
): void {
  const ways = { ...waysOfDuckDb, ...given };
  const section = (title: string, body: () => void) => {
    if (ways.sections?.includes(title) ?? true) describe(title, body);
  };

  describe(`${name} warehouse`, () => {
    let folder: string;
    let warehouse: Warehouse;

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'warehouse-'));
      warehouse = await open(folder);
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    const load = (entry: Partial<LedgerEntry>, tables?: MadeTable | MadeTable[], rejects?: MadeReject[]) =>
      makeLoad(join(folder, 'lake'), entry, tables, rejects);
    const rows = async (sql: string) => (await warehouse.query(sql)).rows;
    const values = async (sql: string) => (await rows(sql)).map((row) => Object.values(row).join(' '));

    section('before the first commit', () => {
      it('has no documents, tables, loads and rejects, and a query says that nothing has been loaded', async () => {
        assert.equal((await warehouse.seen(['A1/doc-1'])).size, 0);
        assert.deepEqual(await warehouse.tables(), []);
        assert.deepEqual(await warehouse.loads({}), []);
        assert.deepEqual(await warehouse.rejects({}), []);
        assert.equal(await warehouse.overview(), undefined);
        await assert.rejects(warehouse.query('SELECT 1'), { code: 'WAREHOUSE_MISSING' });
      });
    });

    section('in its rows', () => {
      it('has the types of the schema, to the last digit, whatever the Parquet file has', async () => {
        const columns = {
          sku: 'string',
          quantity: 'int64',
          amount: 'decimal(18,4)',
          share: 'float64',
          sold: 'bool',
          day: 'date',
          sold_at: 'timestamp',
          extra: 'json',
        };
        const row = {
          sku: '007',
          quantity: '9007199254740993',
          amount: '99999999999999.9999',
          share: '0.1',
          sold: 'true',
          day: '2026-01-02',
          sold_at: '2026-01-02T03:04:05Z',
          extra: '{"a":[1,"é"]}',
        };
        const parquetTypes = {
          quantity: 'BIGINT',
          share: 'DOUBLE',
          sold: 'BOOLEAN',
          day: 'DATE',
          sold_at: 'TIMESTAMPTZ',
        };
        await warehouse.commit([
          await load({ documentId: 'text' }, { columns, rows: [row, {}] }),
          await load({ documentId: 'native' }, { columns, rows: [row], parquetTypes }),
        ]);
        const typed = {
          ...row,
          share: 0.1,
          sold: true,
          sold_at: '2026-01-02T03:04:05.000Z',
          extra: { a: [1, 'é'] },
        };
        const empty = Object.fromEntries(Object.keys(columns).map((column) => [column, null]));
        const found = await rows(`SELECT ${Object.keys(columns)} FROM things ORDER BY _document_id, _row`);
        assert.deepEqual(found, [typed, typed, empty]);
      });

      it('keeps the values of a column that has the name of a lake folder', async () => {
        await warehouse.commit([
          await load({}, { columns: { seller: 'string' }, rows: [{ seller: 'Shop' }] }),
        ]);
        assert.deepEqual(await values('SELECT seller FROM things'), ['Shop']);
      });

      it('keeps the values of columns that have the names of its own statements', async () => {
        const lists = { item: 'list(decimal(38,20))', position: 'list(decimal(38,20))' };
        const texts = ['s', 'l', 'held', 'newest', 'newest_rank', 'market', 'document', 'batch', 'name'];
        const names = ['here', 'key_text', ...Object.keys(lists), ...texts];
        const report = (documentId: string, month: number, here: string) => {
          const of = { ...lists, ...Object.fromEntries(texts.map((name) => [name, 'string'])) };
          const row = Object.fromEntries(texts.map((name) => [name, documentId]));
          const table: MadeTable = {
            name: 'here',
            mode: 'merge',
            key: ['here', 'key_text'],
            columns: { here: 'date', key_text: 'string', ...of },
            rows: [{ here, key_text: 'k', item: '["1.5","0.5"]', position: '["2"]', ...row }],
            parquetTypes: { item: 'VARCHAR[]', position: 'VARCHAR[]' },
          };
          return load({ documentId, reportCreatedAt: `2026-0${month}-01T00:00:00.000Z` }, table);
        };
        await warehouse.commit([await report('newer', 5, '2026-01-01')]);
        await warehouse.commit([
          await report('newest', 6, '2026-01-01'),
          await report('other', 6, '2026-01-02'),
        ]);
        await warehouse.commit([await report('late', 4, '2026-01-01')]);
        const found = await rows(`SELECT ${names} FROM here ORDER BY here`);
        const plain = (value: unknown) =>
          Array.isArray(value) ? value.map(Number) : (value as string | undefined);
        assert.deepEqual(
          found.map((row) => names.map((name) => plain(row[name]))),
          ['newest', 'other'].map((documentId, index) => [
            `2026-01-0${index + 1}`,
            'k',
            [1.5, 0.5],
            [2],
            ...texts.map(() => documentId),
          ]),
        );
      });

      it('reads the offset of a time', async () => {
        const table = {
          columns: { sold_at: 'timestamp' },
          rows: [{ sold_at: '2026-01-02T03:04:05.5+02:00' }],
        };
        await warehouse.commit([await load({}, table)]);
        assert.deepEqual(await values('SELECT sold_at FROM things'), ['2026-01-02T01:04:05.500Z']);
      });

      it('ends with lineage columns', async () => {
        const entry = {
          reportId: '77',
          marketplaceIds: ['ATVPDKIKX0DER', "M'2"],
          dataStart: '2026-01-01T00:00:00+00:00',
          dataEnd: '2026-01-02T00:00:00Z',
        };
        await warehouse.commit([
          await load(entry, { columns: { a: 'string' }, rows: [{ a: 'x' }, { a: 'y' }] }),
        ]);
        const result = await warehouse.query('SELECT * FROM things WHERE _row = 2');
        assert.deepEqual(
          result.columns.map((column) => column.name),
          [
            'a',
            '_report_id',
            '_document_id',
            '_seller_id',
            '_marketplace_ids',
            '_data_start',
            '_data_end',
            '_row',
            '_loaded_at',
          ],
        );
        const { _loaded_at: loadedAt, ...row } = result.rows[0] ?? {};
        assert.deepEqual(row, {
          a: 'y',
          _report_id: '77',
          _document_id: 'doc-1',
          _seller_id: 'A1',
          _marketplace_ids: ['ATVPDKIKX0DER', "M'2"],
          _data_start: '2026-01-01T00:00:00.000Z',
          _data_end: '2026-01-02T00:00:00.000Z',
          _row: '2',
        });
        assert.ok(Math.abs(Date.parse(String(loadedAt)) - Date.now()) < 600_000);
      });

      it('fails the whole commit for a value that does not fit its column type, and names only that one', async () => {
        await warehouse.commit([
          await load({ documentId: 'good' }, { columns: { n: 'int64' }, rows: [{ n: '1' }] }),
        ]);
        const before = await rows('SELECT * FROM things');
        const bad = await load({ documentId: 'bad' }, { columns: { n: 'int64' }, rows: [{ n: 'x' }] });
        const commit = warehouse.commit([
          await load({ documentId: 'new' }, { columns: { n: 'int64', added: 'string' }, rows: [{ n: '2' }] }),
          bad,
          await load({ documentId: 'never' }, { name: 'other', columns: { n: 'int64' }, rows: [{ n: '3' }] }),
        ]);
        await assert.rejects(commit, { code: 'WAREHOUSE_REFUSED' });
        assert.deepEqual(await rows('SELECT * FROM things'), before);
        await assert.rejects(warehouse.commit([bad]), (error: ReportsError) => {
          assert.equal(error.code, 'WAREHOUSE_REFUSED');
          assert.equal(error.details.thing, 'bad');
          assert.equal(error.details.key, 'A1/bad');
          assert.match(error.message, /'x'/);
          return true;
        });
        assert.deepEqual(await rows('SELECT * FROM things'), before);
        assert.deepEqual([...(await warehouse.seen(['A1/good', 'A1/new', 'A1/bad'])).keys()], ['A1/good']);
        assert.deepEqual(
          (await warehouse.tables()).map((table) => table.name),
          ['things'],
        );
      });

      it('refuses a Parquet file with fewer rows than the document: a partial document never loads', async () => {
        const whole = await load({}, { columns: { n: 'int64' }, rows: [{ n: '1' }] });
        const tables = whole.tables.map((table) => ({ ...table, rows: 2 }));
        await assert.rejects(warehouse.commit([{ ...whole, tables }]), { code: 'WAREHOUSE_REFUSED' });
      });
    });

    section('in append mode', () => {
      it('keeps the rows of all documents and loads a repeated document once', async () => {
        const first = await load(
          { documentId: 'd1' },
          { columns: { a: 'string' }, rows: [{ a: '1' }, { a: '1' }] },
        );
        const second = await load({ documentId: 'd2' }, { columns: { a: 'string' }, rows: [{ a: '1' }] });
        await warehouse.commit([first, second]);
        await warehouse.commit([first]);
        await warehouse.commit([second, second]);
        assert.deepEqual(await values('SELECT _document_id, a FROM things ORDER BY 1, 2'), [
          'd1 1',
          'd1 1',
          'd2 1',
        ]);
      });

      it('separates the same document id of two sellers', async () => {
        const table = { columns: { a: 'string' }, rows: [{ a: '1' }] };
        await warehouse.commit([
          await load({ sellerId: 'A1' }, table),
          await load({ sellerId: 'B2' }, table),
        ]);
        await warehouse.commit([
          await load({ sellerId: 'A1' }, { columns: { a: 'string' }, rows: [{ a: '2' }] }),
        ]);
        assert.deepEqual(await values('SELECT _seller_id, a FROM things ORDER BY 1'), ['A1 2', 'B2 1']);
      });
    });

    for (const mode of ways.keyedModes) {
      section(`in ${mode} mode`, () => {
        const table = (cells: [key: string | null, value: string][]): MadeTable => ({
          mode,
          key: ['k'],
          columns: { k: 'string', v: 'string' },
          rows: cells.map(([k, v]) => ({ k, v })),
        });
        const report = (n: number, cells: [string | null, string][], entry: Partial<LedgerEntry> = {}) =>
          load(
            {
              documentId: `d${n}`,
              reportId: String(n),
              reportCreatedAt: `2026-01-0${n}T00:00:00Z`,
              ...entry,
            },
            table(cells),
          );
        const content = async () => (await values('SELECT k, v FROM things')).sort();

        it('replaces all rows of a key with those of a newer report, including rows without a key value', async () => {
          await warehouse.commit([
            await report(1, [
              ['a', '1'],
              ['a', '2'],
              ['b', '1'],
              [null, '1'],
            ]),
          ]);
          await warehouse.commit([
            await report(2, [
              ['a', '3'],
              ['a', '3'],
              ['c', '1'],
              [null, '2'],
            ]),
          ]);
          assert.deepEqual(await content(), [' 2', 'a 3', 'a 3', 'b 1', 'c 1']);
        });

        it('leaves out the rows of a late older report that a newer one has, and the ledger counts them', async () => {
          await warehouse.commit([await report(2, [['a', 'new']])]);
          await warehouse.commit([
            await report(1, [
              ['a', 'old'],
              ['a', 'old'],
              ['b', 'old'],
            ]),
          ]);
          assert.deepEqual(await content(), ['a new', 'b old']);
          const entry = (await warehouse.seen(['A1/d1'])).get('A1/d1');
          assert.deepEqual(entry?.tables, [{ name: 'things', rows: 3, superseded: 2 }]);
        });

        it('takes the higher report id as newer if two were created at the same time', async () => {
          const sameTime = { reportCreatedAt: '2026-01-01T00:00:00Z' };
          await warehouse.commit([await report(1, [['a', 'ten']], { ...sameTime, reportId: '10' })]);
          await warehouse.commit([await report(2, [['a', 'nine']], { ...sameTime, reportId: '9' })]);
          assert.deepEqual(await content(), ['a ten']);
        });

        it('takes a document without a creation time as created when it was loaded', async () => {
          const fromDisk = { reportCreatedAt: null, reportId: null };
          await warehouse.commit([
            await report(1, [['a', 'first']], fromDisk),
            await report(2, [['a', 'second']], fromDisk),
          ]);
          await warehouse.commit([await report(3, [['a', 'amazon']])]);
          assert.deepEqual(await content(), ['a second']);
        });

        it('changes no other seller', async () => {
          await warehouse.commit([
            await report(1, [['a', 'A']]),
            await report(2, [['a', 'B']], { sellerId: 'B2' }),
          ]);
          assert.deepEqual(await content(), ['a A', 'a B']);
        });

        it('removes rows that a document no longer has when it is loaded again', async () => {
          await warehouse.commit([
            await report(1, [
              ['a', '1'],
              ['b', '1'],
            ]),
          ]);
          await warehouse.commit([await report(1, [['b', '2']])]);
          assert.deepEqual(await content(), ['b 2']);
        });

        it('refuses a key that is not a column, and an empty key', async () => {
          const noColumn = await load({}, { ...table([['a', '1']]), key: ['nope'] });
          const noKey = await load({}, { ...table([['a', '1']]), key: [] });
          await assert.rejects(warehouse.commit([noColumn]), { code: 'WAREHOUSE_REFUSED' });
          await assert.rejects(warehouse.commit([noKey]), { code: 'WAREHOUSE_REFUSED' });
        });
      });
    }

    section('in snapshot mode', () => {
      const report = (n: number, cells: string[], entry: Partial<LedgerEntry> = {}) =>
        load(
          {
            documentId: `d${n}`,
            reportId: String(n),
            reportCreatedAt: `2026-01-0${n}T00:00:00Z`,
            marketplaceIds: ['US'],
            ...entry,
          },
          { mode: 'snapshot', columns: { v: 'string' }, rows: cells.map((v) => ({ v })) },
        );
      const content = () => values('SELECT v FROM things ORDER BY 1');

      it('replaces the seller and marketplace, and no other', async () => {
        await warehouse.commit([
          await report(1, ['us1', 'us2']),
          await report(2, ['de'], { marketplaceIds: ['DE'] }),
        ]);
        await warehouse.commit([await report(3, ['b'], { sellerId: 'B2' }), await report(4, ['us3'])]);
        assert.deepEqual(await content(), ['b', 'de', 'us3']);
      });

      it('leaves out an older snapshot that comes late', async () => {
        await warehouse.commit([await report(2, ['new'])]);
        await warehouse.commit([await report(1, ['old', 'old'])]);
        assert.deepEqual(await content(), ['new']);
        const entry = (await warehouse.seen(['A1/d1'])).get('A1/d1');
        assert.deepEqual(entry?.tables, [{ name: 'things', rows: 2, superseded: 2 }]);
      });

      it('clears for a snapshot without rows, also against an older one that comes later', async () => {
        await warehouse.commit([await report(1, ['old']), await report(3, [])]);
        await warehouse.commit([await report(2, ['late'])]);
        assert.deepEqual(await content(), []);
      });

      it('replaces each marketplace of a snapshot with several, and all for one without marketplaces', async () => {
        await warehouse.commit([
          await report(1, ['us']),
          await report(2, ['de'], { marketplaceIds: ['DE'] }),
          await report(3, ['jp'], { marketplaceIds: ['JP'] }),
        ]);
        await warehouse.commit([await report(4, ['us de'], { marketplaceIds: ['US', 'DE'] })]);
        assert.deepEqual(await content(), ['jp', 'us de']);
        await warehouse.commit([await report(5, ['all'], { marketplaceIds: [] })]);
        assert.deepEqual(await content(), ['all']);
      });

      it('removes the rows of unloaded documents, and those that they replaced come back with their loads', async () => {
        const [old, newer, newest] = [
          await report(1, ['x', 'y']),
          await report(2, ['z']),
          await report(3, ['z']),
        ];
        for (const each of [old, newer, newest]) await warehouse.commit([each]);
        const unloaded = ({ entry }: Load): Load => ({
          entry: { ...entry, status: 'unloaded', tables: [] },
          tables: [],
          rejectsPath: null,
        });
        assert.deepEqual(await warehouse.commit([unloaded(newest), unloaded(newer), old]), []);
        assert.deepEqual(await content(), ['x', 'y']);
        assert.equal(await warehouse.countLoads({ statuses: ['unloaded'] }), 2);
        await warehouse.commit([newer]);
        assert.deepEqual(await content(), ['z']);
      });

      it('does not change for a document without any text, nor for an older one that comes later', async () => {
        const nothing = { status: 'empty' as const, tables: [{ name: 'things', rows: 0 }] };
        await warehouse.commit([await report(1, ['us'])]);
        const empty = await report(3, [], nothing);
        await warehouse.commit([{ ...empty, tables: [] }]);
        assert.deepEqual(await content(), ['us']);
        await warehouse.commit([await report(2, ['us2'])]);
        assert.deepEqual(await content(), ['us2']);
      });
    });

    section('for documents in any order', () => {
      const letters = fc.constantFrom('a', 'b', 'c');
      const markets = fc.uniqueArray(fc.constantFrom('US', 'DE', 'JP'), { maxLength: 2 });
      const reports = fc.array(
        fc.record({
          keys: fc.array(letters, { maxLength: 3 }),
          marketplaceIds: markets,
          seller: fc.constantFrom('A1', 'B2'),
        }),
        { minLength: 2, maxLength: 5 },
      );
      /** Reports by index, in commits of several, each at least once. */
      const plan = reports.chain((made) => {
        const indexes = made.map((_, index) => index);
        const repeated = fc.array(fc.constantFrom(...indexes), { maxLength: 3 });
        return repeated
          .chain((more) =>
            fc.shuffledSubarray([...indexes, ...more], { minLength: made.length + more.length }),
          )
          .chain((order) => fc.tuple(fc.constant(made), fc.constant(order), fc.integer({ min: 1, max: 3 })));
      });
      type Report = { keys: string[]; marketplaceIds: string[]; seller: string };

      /**
       * What the table should contain: a row stays unless a newer report of its seller replaces it.
       */
      const expected = (made: Report[], replaces: (newer: Report, older: Report, key: string) => boolean) =>
        made
          .flatMap((report, index) =>
            report.keys
              .filter(
                (key) =>
                  !made
                    .slice(index + 1)
                    .some((newer) => newer.seller === report.seller && replaces(newer, report, key)),
              )
              .map((key) => `${report.seller} ${key} ${index}`),
          )
          .sort();

      const overlaps = (a: string[], b: string[]) =>
        a.length === 0 || b.length === 0 || a.some((each) => b.includes(each));

      for (const [mode, replaces] of [
        ['merge', (newer: Report, _: Report, key: string) => newer.keys.includes(key)],
        ['replace', (newer: Report, _: Report, key: string) => newer.keys.includes(key)],
        ['snapshot', (newer: Report, older: Report) => overlaps(newer.marketplaceIds, older.marketplaceIds)],
      ] as const) {
        it(`has the same ${mode} result for every arrival and repetition`, async () => {
          await fc.assert(
            fc.asyncProperty(plan, async ([made, order, perCommit]) => {
              const here = mkdtempSync(join(folder, 'case-'));
              const fresh = await open(here);
              const loads: Load[] = [];
              for (const [index, report] of made.entries()) {
                loads.push(
                  await makeLoad(
                    join(here, 'lake'),
                    {
                      sellerId: report.seller,
                      documentId: `d${index}`,
                      reportId: String(index),
                      reportCreatedAt: `2026-01-0${index + 1}T00:00:00Z`,
                      marketplaceIds: report.marketplaceIds,
                    },
                    {
                      mode,
                      key: mode === 'snapshot' ? [] : ['k'],
                      columns: { k: 'string', n: 'int64' },
                      rows: report.keys.map((k) => ({ k, n: String(index) })),
                    },
                  ),
                );
              }
              for (let at = 0; at < order.length; at += perCommit) {
                await fresh.commit(order.slice(at, at + perCommit).map((index) => loads[index] as Load));
              }
              const found = (await fresh.query('SELECT _seller_id, k, n FROM things')).rows;
              assert.deepEqual(
                found.map((row) => Object.values(row).join(' ')).sort(),
                expected(made, replaces),
              );
            }),
            { numRuns: runs(ways.runs) },
          );
        });
      }
    });

    section('with several loads in one commit', () => {
      const columns = fc.dictionary(
        fc.constantFrom('v', 'w', 'W2'),
        fc.constantFrom('int64', 'decimal(18,4)', 'decimal(30,0)', 'float64', 'json', 'string'),
      );
      const documents = fc.array(
        fc.record({
          document: fc.integer({ min: 1, max: 4 }),
          mode: fc.constantFrom('append', 'replace', 'snapshot'),
          keyType: fc.constantFrom('int64', 'decimal(9,2)', 'string'),
          keys: fc.array(fc.constantFrom('1', '2', '30'), { maxLength: 3 }),
          columns,
        }),
        { minLength: 2, maxLength: 5 },
      );

      const made = (document: number, mode: string, keys: string[]) => ({
        document,
        mode,
        keyType: 'int64',
        keys,
        columns: {},
      });
      const foundBefore: [ReturnType<typeof made>[]][] = [
        // A document that fills another table than before no longer makes later ones older in the
        // first.
        [[made(4, 'snapshot', []), made(4, 'replace', ['30']), made(1, 'snapshot', ['1'])]],
        // It did so for those before it.
        [
          [
            made(3, 'snapshot', ['2']),
            made(1, 'snapshot', ['1']),
            made(1, 'snapshot', ['30']),
            made(3, 'replace', ['1']),
          ],
        ],
        // A document that is loaded again with fewer keys had the others for those before it.
        [
          [
            made(3, 'replace', ['2', '30']),
            made(2, 'append', ['1']),
            made(2, 'append', ['1']),
            made(1, 'replace', ['2']),
            made(3, 'replace', ['30']),
          ],
        ],
      ];

      it('has the same tables as with the same loads one by one', async () => {
        await fc.assert(
          fc.asyncProperty(documents, async (made) => {
            const here = mkdtempSync(join(folder, 'case-'));
            const loads: Load[] = [];
            for (const { document, mode, keyType, keys, columns } of made) {
              const cells = Object.fromEntries(Object.keys(columns).map((column) => [column, '70']));
              loads.push(
                await makeLoad(
                  join(here, 'lake'),
                  {
                    documentId: `d${document}`,
                    reportId: String(document),
                    reportCreatedAt: `2026-01-0${document}T00:00:00Z`,
                  },
                  {
                    name: `${mode}_things`,
                    mode: mode as LoadMode,
                    key: mode === 'replace' ? ['k'] : [],
                    columns: { k: keyType, ...columns },
                    rows: keys.map((k) => ({ k, ...cells })),
                  },
                ),
              );
            }
            const [together, oneByOne] = [await open(join(here, 'a')), await open(join(here, 'b'))];
            await together.commit(loads);
            for (const each of loads) await oneByOne.commit([each]);
            const tables = (await oneByOne.tables()).map((table) => table.name);
            assert.deepEqual(
              (await together.tables()).map((table) => table.name),
              tables,
            );
            // Columns may be in another order: those of a new table come before its lineage.
            const content = async (of: Warehouse, table: string) => {
              const found = await of.query(`SELECT * FROM ${table}`);
              const columns = found.columns.map((each) => `${each.name} ${each.type}`).sort();
              const names = found.columns
                .map((each) => each.name)
                .filter((each) => each !== '_loaded_at')
                .sort();
              return { columns, rows: found.rows.map((row) => JSON.stringify(row, names)).sort() };
            };
            for (const table of tables) {
              assert.deepEqual(await content(together, table), await content(oneByOne, table));
            }
            // Rows that a later load of the same commit would remove are never there.
            const ledger = async (of: Warehouse) =>
              (await of.loads({})).map((row) => ({
                ...row,
                tables: row.tables.map(({ name, rows }) => ({ name, rows })),
                loadedAt: '',
              }));
            assert.deepEqual(await ledger(together), await ledger(oneByOne));
          }),
          // Each run takes a tenth of a second, so a failure is reported unshrunk: shrinking would
          // take longer than the test.
          { numRuns: runs(ways.runs), endOnFailure: true, examples: foundBefore },
        );
      });
    });

    section('that widens its columns', () => {
      const one = (n: number, type: string, value: string, column = 'v') =>
        load(
          { documentId: `d${n}`, reportId: String(n) },
          { columns: { [column]: type }, rows: [{ [column]: value }] },
        );
      const content = () => values('SELECT v FROM things ORDER BY _document_id');
      /** A document with a column for each of some cases. */
      const many = (n: number, count: number, of: (index: number) => [type: string, value: string]) => {
        const indexes = Array.from({ length: count }, (_, index) => index);
        return load(
          { documentId: `d${n}`, reportId: String(n) },
          {
            columns: Object.fromEntries(indexes.map((index) => [`v${index}`, of(index)[0]])),
            rows: [Object.fromEntries(indexes.map((index) => [`v${index}`, of(index)[1]]))],
          },
        );
      };

      it('adds new columns and leaves those empty that a document lacks', async () => {
        await warehouse.commit([await one(1, 'string', 'x', 'v'), await one(2, 'int64', '2', 'w')]);
        assert.deepEqual(await rows('SELECT v, w FROM things ORDER BY _document_id'), [
          { v: 'x', w: null },
          { v: null, w: '2' },
        ]);
      });

      it('matches column names without regard to case', async () => {
        await warehouse.commit([await one(1, 'string', 'x', 'v'), await one(2, 'string', 'y', 'V')]);
        assert.deepEqual(await content(), ['x', 'y']);
      });

      it('makes room for larger and finer numbers without losing a digit', async () => {
        await warehouse.commit([await one(1, 'int64', '9223372036854775807')]);
        await warehouse.commit([await one(2, 'decimal(18,4)', '19.9900')]);
        await warehouse.commit([await one(3, 'int64', '5')]);
        assert.deepEqual(
          await content(),
          ['9223372036854775807.0000', '19.9900', '5.0000'].map(ways.decimal),
        );
      });

      it('turns dates into timestamps', async () => {
        await warehouse.commit([
          await one(1, 'date', '2026-01-02'),
          await one(2, 'timestamp', '2026-01-02T03:04:05Z'),
        ]);
        assert.deepEqual(await content(), ['2026-01-02T00:00:00.000Z', '2026-01-02T03:04:05.000Z']);
      });

      const itRewrites = ways.hasRewrites ? it : it.skip;

      itRewrites('turns anything into text without loss, the same text before and after', async () => {
        const cases = [
          ['int64', '-5', '-5'],
          ['decimal(18,4)', '-19.9900', '-19.99'],
          ['decimal(18,4)', '100.0000', '100'],
          ['decimal(18,0)', '100', '100'],
          ['bool', 'true', 'true'],
          ['date', '2026-01-02', '2026-01-02'],
          ['timestamp', '2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
          ['timestamp', '2026-01-02T03:04:05.000006Z', '2026-01-02T03:04:05.000006Z'],
          ['float64', '0.1', '0.1'],
          ['json', '{"a": 1}', ways.jsonText('{"a": 1}')],
        ] as const;
        const own = (index: number): [string, string] => [cases[index]?.[0] ?? '', cases[index]?.[1] ?? ''];
        await warehouse.commit([await many(1, cases.length, own)]);
        await warehouse.commit([
          await many(2, cases.length, () => ['string', 'text']),
          await many(3, cases.length, own),
        ]);
        const found = await rows('SELECT * FROM things ORDER BY _document_id');
        for (const [index, [type, , text]] of cases.entries()) {
          assert.deepEqual(
            found.map((row) => row[`v${index}`]),
            [text, 'text', text],
            type,
          );
        }
      });

      itRewrites('turns lists into wider lists and into JSON text, the same before and after', async () => {
        const [one0000, two5000] = [ways.decimal('1.0000'), ways.decimal('2.5000')];
        const withNull = ways.hasNullInLists ? [one0000, null] : [one0000];
        const cases = [
          ['list(int64)', '[1,null]', 'list(decimal(18,4))', '["2.5"]', [withNull, [two5000]]],
          ['list(decimal(18,4))', '["1.5","2"]', 'list(string)', '["x"]', [['1.5', '2'], ['x']]],
          ['list(date)', '["2026-01-02"]', 'list(string)', '["x"]', [['2026-01-02'], ['x']]],
          ['list(string)', '["a, b","\\""]', 'json', '{"a":1}', ['["a, b","\\""]', '{"a":1}']],
          ['list(string)', '["a, b","\\""]', 'string', 'x', ['["a, b","\\""]', 'x']],
          ['list(decimal(18,4))', '["10.5","20"]', 'string', 'x', ['[10.5,20]', 'x']],
          ['list(decimal(18,4))', '["0.5"]', 'json', '[]', ['[0.5]', '[]']],
          ['list(string)', '[]', 'json', '[1]', ['[]', '[1]']],
        ] as const;
        const own = (index: number): [string, string] => [cases[index]?.[0] ?? '', cases[index]?.[1] ?? ''];
        const other = (index: number): [string, string] => [cases[index]?.[2] ?? '', cases[index]?.[3] ?? ''];
        await warehouse.commit([await many(1, cases.length, own)]);
        await warehouse.commit([await many(2, cases.length, other), await many(3, cases.length, own)]);
        const found = await rows('SELECT * FROM things ORDER BY _document_id');
        for (const [index, [type, , otherType, , [first, second]]] of cases.entries()) {
          assert.deepEqual(
            found.map((row) => row[`v${index}`]),
            [first, second, first],
            `${type} ${otherType}`,
          );
        }
      });

      it('keeps each NULL in a list, or reports the list as a reject if the database cannot have one', async () => {
        const columns = { a: 'list(int64)', b: 'list(string)', c: 'string' };
        const lists = [
          { a: '[1,null,3,null]', b: '["null"]', c: 'null' },
          { a: '[4]', b: '[null]', c: 'x' },
        ];
        const reject = { table: 'things', row: 1, column: 'c', raw: 'null', reason: 'why' };
        await warehouse.commit([
          await load({ documentId: 'd1', reportId: '1' }, { columns, rows: lists }, [reject]),
          await load({ documentId: 'd2', reportId: '2' }, { columns, rows: lists.slice(1) }),
          await load(
            { documentId: 'd3', reportId: '3' },
            { columns, rows: [{ a: '[5]', b: '["a"]', c: 'y' }] },
          ),
        ]);
        const found = await rows('SELECT a, b FROM things ORDER BY _document_id, _row');
        const rejected = await values(
          'SELECT document_id, row_number, column_name, raw FROM _rejects ORDER BY document_id, row_number, column_name',
        );
        const counts = await values('SELECT document_id, rejects FROM _loads ORDER BY document_id');
        if (ways.hasNullInLists) {
          assert.deepEqual(found[0], { a: ['1', null, '3', null], b: ['null'] });
          assert.deepEqual(rejected, ['d1 1 c null']);
          assert.deepEqual(counts, ['d1 1', 'd2 0', 'd3 0']);
        } else {
          assert.deepEqual(found[0], { a: ['1', '3'], b: ['null'] });
          assert.deepEqual(rejected, [
            'd1 1 a [1,null,3,null]',
            'd1 1 c null',
            'd1 2 b [null]',
            'd2 1 b [null]',
          ]);
          assert.deepEqual(counts, ['d1 3', 'd2 1', 'd3 0']);
        }
      });

      it('keeps a column of JSON when lists come, and loads them', async () => {
        await warehouse.commit([await one(1, 'json', '{"a":1}')]);
        await warehouse.commit([await one(2, 'list(string)', '["a"]')]);
        assert.deepEqual(await rows('SELECT v FROM things ORDER BY _document_id'), [
          { v: { a: 1 } },
          { v: ['a'] },
        ]);
      });

      it('never narrows one', async () => {
        await warehouse.commit([await one(1, 'string', 'x')]);
        await warehouse.commit([await one(2, 'int64', '7')]);
        assert.deepEqual(await content(), ['x', '7']);
      });

      it('finds keys again after the key column has widened', async () => {
        const keyed = (n: number, type: string, k: string) =>
          load(
            { documentId: `d${n}`, reportId: String(n), reportCreatedAt: `2026-01-0${n}T00:00:00Z` },
            { mode: 'replace', key: ['k'], columns: { k: type, n: 'int64' }, rows: [{ k, n: String(n) }] },
          );
        await warehouse.commit([await keyed(1, 'int64', '7'), await keyed(3, 'string', '7')]);
        await warehouse.commit([await keyed(2, 'int64', '7')]);
        assert.deepEqual(await values('SELECT k, n FROM things'), ['7 3']);
      });
    });

    section('in its ledger', () => {
      const full: Partial<LedgerEntry> = {
        sellerId: 'A1',
        documentId: 'doc.1',
        reportId: '4294967297',
        reportType: 'GET_TEST',
        marketplaceIds: ['US', 'DE'],
        dataStart: '2026-01-01T00:00:00.000Z',
        dataEnd: '2026-01-02T00:00:00.000Z',
        reportCreatedAt: '2026-01-03T00:00:00.000Z',
        notes: ['header "x" is new', 'é'],
        rejects: 1,
        checks: [{ table: 'things', name: 'total', per: { a: '1' }, expected: '1.5', found: '1', ok: false }],
        rawPath: '/raw/doc.1',
        rawBytes: 10,
        rawSha256: 'ab'.repeat(32),
        files: [{ path: 'things/seller=A1/doc.1.parquet', bytes: 7, sha256: 'cd'.repeat(32) }],
        textBytes: 5_000_000_000,
        charset: 'utf-8',
        dialect: { delimiter: '\t', preambleLines: 0 },
        engine: 'reference',
        pipeline: 'daily',
        durationMs: 12,
      };

      it('returns every field as it was written, with the time of the load', async () => {
        const made = await load(full, { columns: { a: 'string' }, rows: [{ a: '1' }] });
        await warehouse.commit([made]);
        const { loadedAt, ...entry } = (await warehouse.seen(['A1/doc.1', 'A1/other'])).get('A1/doc.1') ?? {
          loadedAt: '',
        };
        assert.deepEqual(entry, made.entry);
        assert.ok(Math.abs(Date.parse(loadedAt) - Date.now()) < 600_000);
        assert.deepEqual(await warehouse.loads({}), [{ ...made.entry, loadedAt }]);
      });

      it('keeps documents without rows: quarantined, fatal, skipped, and messages without a seller', async () => {
        await warehouse.commit([
          await load({
            documentId: 'q',
            status: 'quarantined',
            reasonCode: 'DOCUMENT_CORRUPT',
            reason: 'why',
          }),
          await load({
            key: 'message/1',
            sellerId: null,
            documentId: null,
            reportId: null,
            status: 'quarantined',
            body: '{',
          }),
          await load({
            key: 'message/2',
            sellerId: null,
            documentId: null,
            reportId: null,
            status: 'skipped',
          }),
        ]);
        assert.deepEqual(
          (await warehouse.loads({ statuses: ['quarantined'] })).map((row) => row.key).sort(),
          ['A1/q', 'message/1'],
        );
        assert.equal((await warehouse.seen(['message/1'])).get('message/1')?.body, '{');
        assert.deepEqual(await warehouse.tables(), []);
      });

      it('has one row per key, the last', async () => {
        await warehouse.commit([await load({ status: 'quarantined' }), await load({ status: 'loaded' })]);
        await warehouse.commit([await load({ status: 'fatal' })]);
        await warehouse.commit([await load({ status: 'loaded', reason: 'again' })]);
        assert.deepEqual(
          (await warehouse.loads({})).map((row) => [row.status, row.reason]),
          [['loaded', 'again']],
        );
      });

      it('keeps the rows of a document that can no longer be loaded, and its ledger row', async () => {
        const loaded = await load({}, { columns: { a: 'string' }, rows: [{ a: '1' }] });
        assert.deepEqual(await warehouse.commit([loaded]), []);
        for (const status of ['quarantined', 'fatal', 'cancelled', 'skipped'] as const) {
          assert.deepEqual(await warehouse.commit([await load({ status })]), [loaded.entry.key]);
        }
        assert.deepEqual(await values('SELECT a FROM things'), ['1']);
        assert.deepEqual(
          (await warehouse.loads({})).map(({ status }) => status),
          ['loaded'],
        );
      });

      it('recognizes a report by its document once that is loaded, and replaces the row that it had before', async () => {
        const ids = { sellerId: 'A1', reportId: 'R1' };
        await warehouse.commit([
          await load({ ...ids, key: 'A1/report/R1', documentId: null, status: 'quarantined' }),
          await load({ ...ids, key: 'other/D1', documentId: null, status: 'quarantined' }),
        ]);
        const loaded = await load({ ...ids, key: 'A1/D1', documentId: 'D1' });
        await warehouse.commit([{ ...loaded, replacesKey: 'other/D1' }]);
        assert.deepEqual(
          (await warehouse.loads({})).map(({ key }) => key),
          ['A1/D1'],
        );
      });

      it('removes rows from a table that the document no longer fills', async () => {
        const table = (name: string) => ({ name, columns: { a: 'string' }, rows: [{ a: '1' }] });
        await warehouse.commit([await load({}, [table('one'), table('two')])]);
        await warehouse.commit([await load({}, table('two'))]);
        assert.deepEqual(
          (await warehouse.tables()).map((each) => [each.name, each.rows]),
          [
            ['one', 0],
            ['two', 1],
          ],
        );
      });

      it('filters by status, report type, seller, document, report and table, the last loaded first', async () => {
        await warehouse.commit([
          await load(
            { documentId: 'd1', reportId: '1', reportType: 'X' },
            { name: 'xs', columns: { a: 'string' }, rows: [] },
          ),
          await load({ documentId: 'd2', reportId: '2', reportType: 'Y', sellerId: 'B2' }),
          await load({ documentId: 'd3', reportId: '3', reportType: 'Y', status: 'fatal' }),
        ]);
        const found = async (filter: Parameters<Warehouse['loads']>[0]) =>
          (await warehouse.loads(filter)).map((row) => row.documentId);
        assert.deepEqual(await found({}), ['d3', 'd2', 'd1']);
        assert.deepEqual(await found({ limit: 2 }), ['d3', 'd2']);
        assert.deepEqual(await found({ reportType: 'Y' }), ['d3', 'd2']);
        assert.deepEqual(await found({ reportType: 'Y', sellerId: 'B2' }), ['d2']);
        assert.deepEqual(await found({ statuses: ['fatal', 'skipped'] }), ['d3']);
        assert.deepEqual(await found({ documentOrTable: 'd1' }), ['d1']);
        assert.deepEqual(await found({ documentOrTable: '2' }), ['d2']);
        assert.deepEqual(await found({ documentOrTable: 'xs' }), ['d1']);
        assert.deepEqual(await found({ documentOrTable: "'; DROP TABLE _loads; --" }), []);
      });

      it('is read in pages by load time, the first loaded first', async () => {
        await warehouse.commit([await load({ documentId: 'd4' })]);
        const together = await Promise.all(['d3', 'd1', 'd2'].map((documentId) => load({ documentId })));
        await warehouse.commit(together);
        const pageAfter = (after: LedgerFilter['after']) => warehouse.loads({ after, limit: 2 });
        const first = await pageAfter({ loadedAt: '1970-01-01T00:00:00Z', key: '' });
        const second = await pageAfter(first.at(-1));
        const ids = (rows: LedgerRow[]) => rows.map((row) => row.documentId);
        assert.deepEqual(ids(first), ['d4', 'd3']);
        assert.deepEqual(ids(second), ['d1', 'd2']);
        assert.deepEqual(await pageAfter(second.at(-1)), []);
      });

      it('is read by load time, from a time on or before it', async () => {
        await warehouse.commit([await load({ documentId: 'd1' })]);
        await warehouse.commit([await load({ documentId: 'd2' })]);
        const [{ loadedAt } = { loadedAt: '' }] = await warehouse.loads({ documentOrTable: 'd2' });
        const found = async (filter: LedgerFilter) =>
          (await warehouse.loads(filter)).map((row) => row.documentId);
        assert.deepEqual(await found({ loadedSince: loadedAt }), ['d2']);
        assert.deepEqual(await found({ loadedBefore: loadedAt }), ['d1']);
      });

      it('returns some fields of the rows, without the others', async () => {
        await warehouse.commit([
          await load({ documentId: 'd1', reportType: 'X', marketplaceIds: ['US'] }),
          await load({ documentId: 'd2', reportType: 'Y' }),
        ]);
        assert.deepEqual(
          await warehouse.loadFields(['documentId', 'marketplaceIds', 'dataEnd'], { reportType: 'X' }),
          [{ documentId: 'd1', marketplaceIds: ['US'], dataEnd: null }],
        );
      });

      it('has the drift of documents, those with the same drift as one, and no less than its rows say', async () => {
        const days = [5, 1, 2, 3, 4, 6, 7];
        const loads = await Promise.all(
          days.map(async (day) => {
            const made = await load(
              {
                documentId: `d${day}`,
                reportType: day === 7 ? 'Y' : 'X',
                sellerId: day === 6 ? null : 'A1',
                marketplaceIds: ['US'],
                reportCreatedAt: `2026-10-0${day}T00:00:00Z`,
              },
              { columns: { a: 'string', b_c: 'int64', d: 'string' }, rows: [{ a: 'x', b_c: '1' }] },
            );
            const [, b, d] = made.tables[0]?.columns ?? [];
            assert.ok(b && d);
            b.header = day === 5 ? 'other' : 'B "c"';
            if (day > 1) b.origin = 'added';
            if (day > 2) d.header = undefined;
            return made;
          }),
        );
        await warehouse.commit(loads);
        const groups = await warehouse.drift('X');
        const time = (day: number) => `2026-10-0${day}T00:00:00.000Z`;
        const ofSeller = groups.filter(
          ({ sellerId, added }) => sellerId === 'A1' && added?.[0]?.header !== 'other',
        );
        assert.deepEqual(
          ofSeller
            .map(({ missing, documents, firstSeenAt, lastSeenAt, latest }) => ({
              ...{ missing, documents, firstSeenAt, lastSeenAt, latest },
            }))
            .sort((one, other) => (one.firstSeenAt < other.firstSeenAt ? -1 : 1)),
          [
            {
              missing: [],
              documents: 1,
              firstSeenAt: time(1),
              lastSeenAt: time(1),
              latest: [{ documentId: 'd1', seenAt: time(1) }],
            },
            {
              missing: [],
              documents: 1,
              firstSeenAt: time(2),
              lastSeenAt: time(2),
              latest: [{ documentId: 'd2', seenAt: time(2) }],
            },
            {
              missing: ['d'],
              documents: 2,
              firstSeenAt: time(3),
              lastSeenAt: time(4),
              latest: [4, 3].map((day) => ({ documentId: `d${day}`, seenAt: time(day) })),
            },
          ],
        );
        assert.equal(groups.length, 5);
        assert.deepEqual(await warehouse.drift('Z'), []);
        const drifts = openDrift(await warehouse.drift(), new Map());
        assert.deepEqual(drifts, openDrift(driftOfRows(await warehouse.loads({})), new Map()));
        assert.deepEqual(
          drifts.map(({ kind, column, header, wasThere, documents, ofDocuments }) => [
            kind,
            column,
            header,
            wasThere,
            documents,
            ofDocuments,
          ]),
          [
            ['added', 'b_c', 'other', undefined, 1, 7],
            ['added', 'b_c', 'B "c"', undefined, 5, 7],
            ['missing', 'd', undefined, true, 5, 7],
          ],
        );
      });

      it('has the periods that documents cover, adjoining ones as one, by marketplaces', async () => {
        const time = (day: number, clock = '00:00:00') => `2026-10-0${day}T${clock}.000Z`;
        const period = (documentId: string, from: string, to: string, more: Partial<LedgerEntry> = {}) =>
          load(
            { documentId, marketplaceIds: ['US'], dataStart: from, dataEnd: to, ...more },
            { name: 'days', columns: { a: 'string' }, rows: [{ a: documentId }] },
          );
        await warehouse.commit([
          await period('d1', time(1), time(1, '23:59:59')),
          await period('d2', time(2), time(3)),
          await period('d3', time(2), time(2, '12:00:00')),
          await period('d4', time(5), time(6)),
          await period('d5', time(7), time(7)),
          await period('d6', time(4), time(5), { marketplaceIds: ['US', 'CA'] }),
        ]);
        const found = (await warehouse.periods()).map(({ marketplaceIds, dataStart, dataEnd, tables }) => [
          marketplaceIds.join(' '),
          dataStart,
          dataEnd,
          tables.map(({ name }) => name).join(),
        ]);
        assert.deepEqual(found.sort(), [
          ['US CA', time(4), time(5), 'days'],
          ['US', time(1), time(3), 'days'],
          ['US', time(5), time(6), 'days'],
        ]);
      });

      it('is compared with the rows of tables: superseded rows are no difference', async () => {
        const report = (documentId: string, day: number, values: string[]) =>
          load(
            { documentId, reportId: documentId, reportCreatedAt: `2026-10-0${day}T00:00:00Z` },
            { mode: 'merge', key: ['a'], columns: { a: 'string' }, rows: values.map((a) => ({ a })) },
          );
        await warehouse.commit([await report('d1', 1, ['x', 'y'])]);
        await warehouse.commit([await report('d3', 3, ['x', 'z'])]);
        await warehouse.commit([await report('d2', 2, ['x', 'w', 'w'])]);
        const [{ name = '' } = {}] = await warehouse.tables();
        const differences = async (isAppend: boolean) => warehouse.rowDifferences(name, { isAppend });
        assert.deepEqual(await differences(false), []);
        // As if nothing could have replaced the row of the first document.
        assert.deepEqual(await differences(true), [
          { key: 'A1/d1', sellerId: 'A1', documentId: 'd1', expected: 2, found: 1, isNewest: false },
        ]);
      });

      it('finds documents and reports whose names contain quotes and other signs of SQL', async () => {
        const names = ["O'Brien", 'a"b', 'back\\slash', 'line\nbreak', '100%_[x]*', "\\'; --", '$name'];
        const made = await Promise.all(
          names.map((name) =>
            load(
              {
                documentId: `d ${name}`,
                reportId: `r ${name}`,
                sellerId: `s ${name}`,
                reportType: `t ${name}`,
              },
              { name: 'odd', columns: { a: 'string' }, rows: [{ a: name }] },
              [{ table: 'odd', row: 1, column: 'a', raw: name, reason: name }],
            ),
          ),
        );
        await warehouse.commit(made);
        for (const [index, name] of names.entries()) {
          const { key } = (made[index] as Load).entry;
          const ofReport = ledgerKey({ sellerId: `s ${name}`, reportId: `r ${name}` });
          assert.deepEqual(
            [...(await warehouse.seen([key, ofReport])).keys()].sort(),
            [key, ofReport].sort(),
          );
          const filter = { sellerId: `s ${name}`, reportType: `t ${name}`, documentOrTable: `d ${name}` };
          assert.deepEqual(
            (await warehouse.loads(filter)).map((row) => row.reportId),
            [`r ${name}`],
          );
          const rejects = await warehouse.rejects({ documentOrTable: `r ${name}` });
          assert.deepEqual(
            rejects.map(({ raw, reason }) => [raw, reason]),
            [[name, name]],
          );
        }
      });

      it('filters by the end of the data and the creation of the report, to the microsecond', async () => {
        const day = (of: number) => `2026-10-0${of}T00:00:00.000Z`;
        await warehouse.commit([
          await load({ documentId: 'd1', dataEnd: day(1), reportCreatedAt: day(3) }),
          await load({ documentId: 'd2', dataEnd: day(2), reportCreatedAt: day(2) }),
          await load({ documentId: 'd3', dataEnd: day(3), reportCreatedAt: day(1) }),
          await load({ documentId: 'd4' }),
        ]);
        const found = async (filter: Parameters<Warehouse['loads']>[0]) =>
          (await warehouse.loads(filter)).map((row) => row.documentId);
        assert.deepEqual(await found({ dataEndSince: day(2) }), ['d3', 'd2']);
        assert.deepEqual(await found({ dataEndSince: '2026-10-02T02:00:00.000001+02:00' }), ['d3']);
        assert.deepEqual(await found({ createdSince: day(2) }), ['d2', 'd1']);
        assert.deepEqual(await found({ createdSince: day(2), dataEndSince: day(2) }), ['d2']);
        assert.deepEqual(await found({ dataEndSince: day(4) }), []);
      });

      it('names the tables with report type, rows and last load', async () => {
        const table = (name: string, rows: number): MadeTable => ({
          name,
          columns: { a: 'string' },
          rows: Array.from({ length: rows }, () => ({ a: '1' })),
        });
        await warehouse.commit([
          await load({ documentId: 'd1', reportType: 'X' }, [table('b', 3), table('a', 0)]),
        ]);
        await warehouse.commit([await load({ documentId: 'd2', reportType: 'X' }, table('b', 2))]);
        const [last, first] = (await warehouse.loads({})).map((row) => row.loadedAt);
        assert.deepEqual(await warehouse.tables(), [
          { name: 'a', reportType: 'X', rows: 0, lastLoadedAt: first },
          { name: 'b', reportType: 'X', rows: 5, lastLoadedAt: last },
        ]);
      });
    });

    section('in its overview', () => {
      const table = (name: string, rows: number): MadeTable => ({
        name,
        columns: { a: 'string' },
        rows: Array.from({ length: rows }, () => ({ a: '1' })),
      });
      const made = (day: number) => `2026-10-0${day}T00:00:00.000Z`;

      it('shows for each table and seller what was loaded, and when its reports were made', async () => {
        const x = { reportType: 'X', status: 'loaded' as const };
        await warehouse.commit([
          await load({ ...x, documentId: 'd1', reportCreatedAt: made(1), dataEnd: made(1), rawBytes: 10 }, [
            table('b', 3),
            table('a', 1),
          ]),
          await load(
            { ...x, documentId: 'd2', reportId: '2', reportCreatedAt: made(2), rawBytes: 5 },
            table('b', 2),
          ),
          await load({ ...x, sellerId: 'B2', documentId: 'd3', reportCreatedAt: made(3) }, table('b', 4)),
        ]);
        const { tables = [], days } = (await warehouse.overview()) ?? {};
        const loadedAt = new Map((await warehouse.loads({})).map((row) => [row.documentId, row.loadedAt]));
        const common = { reportType: 'X', lastDataEnd: null };
        assert.deepEqual(tables, [
          {
            ...common,
            table: 'a',
            sellerId: 'A1',
            documents: 1,
            rows: 1,
            lastLoadedAt: loadedAt.get('d1'),
            lastDataEnd: made(1),
            madeAt: [made(1)],
          },
          {
            ...common,
            table: 'b',
            sellerId: 'A1',
            documents: 2,
            rows: 5,
            lastLoadedAt: loadedAt.get('d2'),
            lastDataEnd: made(1),
            madeAt: [made(2), made(1)],
          },
          {
            ...common,
            table: 'b',
            sellerId: 'B2',
            documents: 1,
            rows: 4,
            lastLoadedAt: loadedAt.get('d3'),
            madeAt: [made(3)],
          },
        ]);
        const day = loadedAt.get('d1')?.slice(0, 10);
        assert.deepEqual(days, [{ day, documents: 3, rows: 10, rawBytes: 15 }]);
      });

      it('counts a document without any text as a report of its tables', async () => {
        await warehouse.commit([
          await load({ documentId: 'd1', reportCreatedAt: made(1) }, table('b', 3)),
          await load({
            documentId: 'd2',
            reportId: '2',
            status: 'empty',
            reportCreatedAt: made(2),
            dataEnd: made(2),
          }),
        ]);
        const { tables = [] } = (await warehouse.overview()) ?? {};
        const shown = tables.map(({ documents, rows, lastDataEnd, madeAt }) => ({
          documents,
          rows,
          lastDataEnd,
          madeAt,
        }));
        assert.deepEqual(shown, [
          { documents: 2, rows: 3, lastDataEnd: made(2), madeAt: [made(2), made(1)] },
        ]);
      });

      it('counts documents by status and reason, and rejects by table, column and reason', async () => {
        const reject = (column: string | null): MadeReject => ({
          table: 'b',
          row: 1,
          column,
          raw: 'x',
          reason: 'no',
        });
        const quarantined = { status: 'quarantined' as const, reasonCode: 'NOT_A_REPORT' };
        await warehouse.commit([
          await load({ documentId: 'd1' }, table('b', 1), [reject('a'), reject('a'), reject(null)]),
          await load({ ...quarantined, documentId: 'd2', reportId: '2' }),
          await load({ ...quarantined, documentId: 'd3', reportId: '3' }),
        ]);
        const { documents, rejects } = (await warehouse.overview()) ?? {};
        assert.deepEqual(documents, [
          { status: 'loaded', reasonCode: null, documents: 1 },
          { ...quarantined, documents: 2 },
        ]);
        const counts = rejects?.map(({ column, values }) => [column, values]);
        assert.deepEqual(counts, [
          ['a', 2],
          [null, 1],
        ]);
      });
    });

    section('with warnings', () => {
      const about = (code: Warning['code'], message = 'look') => ({ code, message });
      const commitAll = async () => {
        await warehouse.commit([
          await load({ documentId: 'd1', warnings: [about('TOTALS_DIFFER', 'one'), about('TOTALS_DIFFER')] }),
          await load({ documentId: 'd2', reportId: '2' }),
          await load({
            documentId: 'd3',
            reportId: '3',
            warnings: [about('MEASURES_EMPTY'), about('TOTALS_DIFFER')],
          }),
          await load({
            documentId: 'd4',
            reportId: '4',
            reportType: 'GET_OTHER',
            warnings: [about('TOTALS_DIFFER')],
          }),
        ]);
      };

      it('finds and counts the documents that have some', async () => {
        await commitAll();
        const found = await warehouse.loads({ withWarnings: true });
        assert.deepEqual(found.map(({ documentId }) => documentId).toSorted(), ['d1', 'd3', 'd4']);
        assert.equal(await warehouse.countLoads({ withWarnings: true }), 3);
        assert.equal(await warehouse.countLoads({ withWarnings: true, reportType: 'GET_OTHER' }), 1);
        assert.equal(await warehouse.countLoads({ limit: 1 }), 4);
        const [fields] = await warehouse.loadFields(['documentId', 'warnings'], { documentOrTable: 'd4' });
        assert.deepEqual(fields, { documentId: 'd4', warnings: [about('TOTALS_DIFFER')] });
      });

      it('counts each document once for each code and report type in its overview', async () => {
        await commitAll();
        const { warnings = [] } = (await warehouse.overview()) ?? {};
        assert.deepEqual(
          warnings.map(({ reportType, code, documents }) => `${reportType} ${code} ${documents}`).toSorted(),
          ['GET_OTHER TOTALS_DIFFER 1', 'GET_TEST MEASURES_EMPTY 1', 'GET_TEST TOTALS_DIFFER 2'],
        );
        const times = new Map((await warehouse.loads({})).map((row) => [row.documentId, row.loadedAt]));
        const lastOfEach = ['d4', 'd3', 'd3'].map((id) => times.get(id));
        assert.deepEqual(warnings.map(({ lastLoadedAt }) => lastLoadedAt).toSorted(), lastOfEach.toSorted());
      });

      it('has them as rows by the example in docs/errors.md', async () => {
        await commitAll();
        const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
        const queries = [...page.matchAll(/```sql(?: \w+)?\n(.+?)\n```/gs)].map(([, sql]) => sql);
        assert.equal(queries.length, 3);
        const found = await rows(queries[ways.exampleQuery] ?? '');
        assert.deepEqual(found.map((row) => `${row.document_id} ${row.code} ${row.message}`).toSorted(), [
          'd1 TOTALS_DIFFER look',
          'd1 TOTALS_DIFFER one',
          'd3 MEASURES_EMPTY look',
          'd3 TOTALS_DIFFER look',
          'd4 TOTALS_DIFFER look',
        ]);
      });

      it('has none before the first commit', async () => {
        assert.equal(await warehouse.countLoads({ withWarnings: true }), 0);
        assert.deepEqual(await warehouse.loads({ withWarnings: true }), []);
      });
    });

    section('of one document', () => {
      const snapshot = (rowCount: number): MadeTable => ({
        mode: 'snapshot',
        columns: { n: 'string' },
        rows: Array.from({ length: rowCount }, (_, index) => ({ n: String(index) })),
      });

      it('says how many of its rows are there now', async () => {
        const made = (day: number) => `2026-01-0${day}T00:00:00.000Z`;
        const first = { documentId: 'd1', reportCreatedAt: made(1) };
        await warehouse.commit([await load(first, snapshot(3))]);
        const [row] = await warehouse.loads({});
        if (!row) throw new Error('no row');
        assert.deepEqual(await warehouse.rowsNow(row), [{ name: 'things', rows: 3 }]);
        const second = { documentId: 'd2', reportId: '2', reportCreatedAt: made(2) };
        await warehouse.commit([await load(second, snapshot(2))]);
        assert.deepEqual(await warehouse.rowsNow(row), [{ name: 'things', rows: 0 }]);
        assert.deepEqual(await warehouse.rowsNow({ ...row, tables: [{ name: 'elsewhere', rows: 1 }] }), []);
      });

      it('groups its rejects, with the first row and the first texts of each group', async () => {
        const reject = (row: number, column: string | null, raw: string): MadeReject => ({
          table: 'things',
          row,
          column,
          raw,
          reason: 'expected int64',
        });
        const long = 'x'.repeat(500);
        await warehouse.commit([
          await load({ documentId: 'd1' }, snapshot(1), [
            reject(9, 'n', 'nine'),
            reject(2, 'n', 'two'),
            reject(4, 'n', 'four'),
            reject(5, null, long),
          ]),
          await load({ documentId: 'd1', sellerId: 'B2', reportId: '7' }, [], [reject(1, 'n', 'other')]),
        ]);
        const groups = await warehouse.rejectGroups({ sellerId: 'A1', documentId: 'd1' });
        const group = { table: 'things', reason: 'expected int64' };
        assert.deepEqual(groups, [
          { ...group, column: 'n', values: 3, firstRow: 2, examples: ['two', 'four'] },
          { ...group, column: null, values: 1, firstRow: 5, examples: [long.slice(0, 120)] },
        ]);
        assert.deepEqual(await warehouse.rejectGroups({ sellerId: 'A1', documentId: 'no' }), []);
      });
    });

    section('in its rejects', () => {
      const reject = (row: number): MadeReject => ({
        table: 'things',
        row,
        column: 'n',
        raw: '1,5',
        reason: 'expected int64',
      });
      const table = { columns: { n: 'int64' }, rows: [{ n: null }] };

      it('keeps raw text and reason, and replaces them with their document', async () => {
        await warehouse.commit([
          await load({ documentId: 'd1' }, table, [reject(1), { ...reject(2), column: null }]),
        ]);
        await warehouse.commit([await load({ documentId: 'd2', reportId: '2' }, table, [reject(9)])]);
        const [row] = await warehouse.rejects({ documentOrTable: 'd2' });
        const { loaded_at: loadedAt, ...rest } = row ?? {};
        assert.deepEqual(rest, {
          seller_id: 'A1',
          document_id: 'd2',
          report_id: '2',
          report_type: 'GET_TEST',
          table_name: 'things',
          row_number: '9',
          column_name: 'n',
          raw: '1,5',
          reason: 'expected int64',
        });
        assert.equal(typeof loadedAt, 'string');
        const found = async (filter: Parameters<Warehouse['rejects']>[0]) =>
          (await warehouse.rejects(filter)).map((each) => `${each.document_id} ${each.row_number}`);
        assert.deepEqual(await found({}), ['d2 9', 'd1 1', 'd1 2']);
        assert.deepEqual(await found({ documentOrTable: 'things', limit: 1 }), ['d2 9']);
        assert.deepEqual(await found({ sellerId: 'B2' }), []);
        await warehouse.commit([await load({ documentId: 'd1' }, table, [reject(3)])]);
        assert.deepEqual(await found({}), ['d1 3', 'd2 9']);
        await warehouse.commit([await load({ documentId: 'd1' }, table)]);
        assert.deepEqual(await found({}), ['d2 9']);
      });
    });

    section('that drops tables', () => {
      it('keeps a table with rows, and after it was dropped fills it again, whatever its columns are', async () => {
        const things = { columns: { id: 'int64', size: 'int64' }, rows: [{ id: '1', size: '2' }] };
        const others = { name: 'others', columns: { id: 'string' }, rows: [{ id: '1' }] };
        await warehouse.commit([
          await load({ documentId: 'd1' }, things),
          await load({ documentId: 'd2', reportId: '2' }, others),
        ]);
        const names = async () => (await warehouse.tables()).map(({ name }) => name).sort();
        assert.match(String(await warehouse.dropEmptyTable('things')), /has rows/);
        assert.deepEqual(await values('SELECT id FROM things'), ['1']);
        await warehouse.commit([await load({ documentId: 'd1', status: 'unloaded' })]);
        assert.deepEqual(await names(), ['others', 'things']);
        assert.equal(await warehouse.dropEmptyTable('THINGS'), undefined);
        assert.deepEqual(await names(), ['others']);
        // It is gone already.
        assert.equal(await warehouse.dropEmptyTable('things'), undefined);
        const next = { columns: { id: 'string' }, rows: [{ id: 'a' }] };
        await warehouse.commit([await load({ documentId: 'd3', reportId: '3' }, next)]);
        assert.deepEqual(await rows('SELECT id FROM things'), [{ id: 'a' }]);
        assert.deepEqual(await names(), ['others', 'things']);
      });
    });

    section('that removes personal data', () => {
      const table = {
        name: 'orders',
        columns: { id: 'string', buyer: 'string', paid: 'decimal(18,4)' },
        rows: [{ id: 'o-1', buyer: 'Ann', paid: '1.5' }],
      };
      const reject = {
        table: 'orders',
        row: 1,
        column: 'paid',
        raw: 'Ann',
        reason: 'expected decimal(18,4)',
      };
      const quarantined = {
        status: 'quarantined' as const,
        reasonCode: 'HEADER_UNKNOWN',
        reason: 'found Ann',
      };
      const columnsOf = (type: string | null, name: string, columns: string[]) =>
        type === 'GET_TEST' && name === 'orders' ? columns.filter((column) => column === 'buyer') : [];

      it('clears it from rows, rejects and ledger of the named documents, and of no others', async () => {
        const warnings = [{ code: 'TOTALS_DIFFER' as const, message: 'Ann' }];
        const decisions = [{ subject: 'charset' as const, value: 'utf-8', reason: 'Ann' }];
        await warehouse.commit([
          await load({ documentId: 'd1', rawPath: 'd1', warnings, decisions }, table, [reject]),
          await load({ documentId: 'd2', rawPath: 'd2', warnings, decisions }, table, [reject]),
          await load({ documentId: 'd3', rawPath: 'd3', ...quarantined }),
        ]);
        const file = { path: "orders/it's.parquet", bytes: 7, sha256: 'ab'.repeat(32) };
        const named = (await warehouse.loads({}))
          .filter(({ documentId }) => documentId !== 'd2')
          .map((row) => ({ ...row, files: [file] }));
        for (let time = 0; time < 2; time += 1) {
          await warehouse.removePersonalData(named, columnsOf);
          await warehouse.markPurged(named.map(({ key }) => key));
        }
        assert.deepEqual(await rows('SELECT _document_id AS d, id, buyer, paid FROM orders ORDER BY 1'), [
          { d: 'd1', id: 'o-1', buyer: null, paid: ways.decimal('1.5000') },
          { d: 'd2', id: 'o-1', buyer: 'Ann', paid: ways.decimal('1.5000') },
        ]);
        const raw = (await warehouse.rejects({})).map((each) => `${each.document_id}: ${each.raw}`);
        assert.deepEqual(raw.sort(), ['d1: ', 'd2: Ann']);
        const ledger = (await warehouse.loads({})).sort((a, b) => (a.key < b.key ? -1 : 1));
        assert.deepEqual(
          ledger.map(({ files }) => files),
          [[file], [], [file]],
        );
        const left = 'left out, as it may quote personal data';
        assert.deepEqual(
          ledger.map((row) => [row.warnings, row.decisions]),
          [
            [
              [{ code: 'TOTALS_DIFFER', message: left }],
              [{ subject: 'charset', value: 'utf-8', reason: left }],
            ],
            [warnings, decisions],
            [[], []],
          ],
        );
        const entries = ledger.map(({ rawPath, reason, reasonCode, notes }) => [
          rawPath,
          reason,
          reasonCode,
          notes,
        ]);
        assert.deepEqual(entries, [
          [null, null, null, ['personal data removed']],
          ['d2', null, null, []],
          [null, 'left out, as it may quote personal data', 'HEADER_UNKNOWN', ['personal data removed']],
        ]);
      });

      it('does not treat it as gone if the raw document came back', async () => {
        await warehouse.commit([await load({ documentId: 'd1', rawPath: 'd1' }, table)]);
        await warehouse.markPurged(['A1/d1']);
        assert.deepEqual((await warehouse.loads({}))[0]?.notes, []);
      });
    });

    section('in queries', () => {
      if (ways.hasColumnsOfOneName)
        it('distinguishes columns of one name', async () => {
          await warehouse.commit([await load({})]);
          assert.deepEqual(await rows('SELECT 1 AS a, 2 AS a, 3 AS a_1, 4 AS a'), [
            { a: 1, a_1: 3, a_2: 2, a_3: 4 },
          ]);
        });

      it('fails and changes nothing for SQL that writes or is wrong', async () => {
        await warehouse.commit([await load({}, { columns: { a: 'string' }, rows: [{ a: '1' }] })]);
        for (const sql of [
          'DELETE FROM things',
          'DROP TABLE things',
          'SELEC 1',
          'SELECT * FROM nowhere',
          'SELECT 1; SELECT 2',
          '',
        ]) {
          await assert.rejects(warehouse.query(sql), { code: 'QUERY_FAILED' }, sql);
        }
        assert.deepEqual(await values('SELECT a FROM things'), ['1']);
      });
    });
  });
}
