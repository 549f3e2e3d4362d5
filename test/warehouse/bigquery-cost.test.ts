import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { bytesBilled, dollarsPerTebibyte, minBytes, type TableSize } from './analyzer/cost.js';
import { type Columns, type Document, filled, Scene } from './analyzer/scene.js';
import type { MadeTable } from './make-load.js';

const megabyte = 1024 ** 2;
const gigabyte = 1024 ** 3;
const terabyte = 1024 ** 4;

/** Of the ledger: all columns, and those that a commit searches to rank documents. */
const [bytesPerDocument, searchedPerDocument] = [1000, 350];

/** Two digits are more than such a figure can have. */
const rounded = (n: number) => Number(n.toPrecision(2)).toLocaleString('en');

const columns: Columns = { id: 'string', day: 'date', n: 'int64' };
/** A table that documents merge into; with the partition column in its key or without. */
const merged = (name: string, key: string[], days: string[] = ['2026-05-06']): MadeTable =>
  filled(name, columns, {
    mode: 'merge',
    key,
    partitionBy: 'day',
    rows: days.map((day) => ({ id: '1', day, n: '1' })),
  });
const tables = (count: number) =>
  Array.from({ length: count }, (_, n) => merged(`table_${n}`, ['id', 'day']));

describe('what BigQuery bills for', () => {
  const docs = readFileSync(new URL('../../docs/bigquery.md', import.meta.url), 'utf8');
  let scene: Scene;
  beforeEach(async () => {
    scene = await Scene.open();
  });
  afterEach(() => scene.close());

  /** The bytes billed for a commit of one document. */
  async function billed(of: MadeTable[], sizes?: Record<string, TableSize>): Promise<number> {
    const from = scene.recorder.recorded.length;
    await scene.commit({ of });
    return bytesBilled(scene.recorder, from, sizes);
  }

  it('a commit is a fixed amount and one for each table that it fills, as the docs say', async () => {
    await billed(tables(3));
    const [one, two, three] = [await billed(tables(1)), await billed(tables(2)), await billed(tables(3))];
    assert.equal(three - two, two - one);
    const each = (two - one) / megabyte;
    const fixed = one / megabyte - each;
    assertSaid(
      `of a commit that is ${fixed} MB, and ${each} MB more for each table that it merges rows into`,
    );
  });

  it('a month is what the table of the docs says, of a new dataset and after a year', async () => {
    await billed(tables(15));
    assertSaid(`about ${searchedPerDocument} bytes for each document that the ledger has`);
    const rows: string[] = [];
    for (const [documents, commits, count] of [
      [10, 10, 1],
      [1000, 96, 6],
      [100_000, 5760, 15],
    ] as const) {
      const costs: string[] = [];
      for (const inLedger of [0, 365 * documents]) {
        const ledger = { bytes: inLedger * bytesPerDocument, searchedBytes: inLedger * searchedPerDocument };
        const commit = await billed(tables(count), { _loads: ledger });
        const tebibytes = (30 * (commits * commit + (documents / 10) * (await lookedUp()))) / terabyte;
        const dollars = Math.max(0, tebibytes - 1) * dollarsPerTebibyte;
        costs.push(`${rounded(tebibytes)} TiB`, rounded(dollars));
      }
      rows.push(
        `| ${[...[documents, commits, count].map((n) => n.toLocaleString('en')), ...costs].join(' | ')} |`,
      );
    }
    assertSaid(rows.join('\n'));
  });

  it('a large table is read by months only if its key has the partition column', async () => {
    const size = { bytes: 24 * gigabyte, months: 24 };
    const [within, across, none] = [['2026-05-06'], ['2026-05-06', '2026-06-01'], ['2026-05-06']];
    const inKey: string[] = ['id', 'day'];
    const justId: string[] = ['id'];
    const found: number[] = [];
    for (const [name, key, days] of [
      ['within', inKey, within],
      ['across', inKey, across],
      ['unpruned', justId, none],
    ] as const) {
      await billed([merged(name, key, days)]);
      const small = await billed([merged(name, key, days)]);
      found.push((await billed([merged(name, key, days)], { [name]: size })) - small + minBytes);
    }
    assert.deepEqual(found, [gigabyte, 2 * gigabyte, 24 * gigabyte]);
    const said = found.map((bytes) => `${bytes / gigabyte} GB`);
    assertSaid(`| the key has the partition column, and the rows are of one month | ${said[0]} |
| the key has the partition column, and the rows are of two months | ${said[1]} |
| the key lacks the partition column, or the table has none | ${said[2]} |`);
  });

  it('no document deletes from the ledger, unless its report has a row of its own there', async () => {
    const deleted = async (document: Document) => {
      const from = scene.recorder.recorded.length;
      await scene.commit(document);
      return scene.recorder.recorded
        .slice(from)
        .flatMap((sent) => (sent.do === 'run' ? (sent.sql.match(/^DELETE FROM `d\._loads`.*/gm) ?? []) : []));
    };
    assert.deepEqual(await deleted({ documentId: 'first', reportId: 'r1', of: tables(1) }), []);
    assert.deepEqual(await deleted({ documentId: null, reportId: 'r2', status: 'cancelled', of: [] }), []);
    assert.deepEqual(await deleted({ documentId: 'second', reportId: 'r2', of: tables(1) }), [
      "DELETE FROM `d._loads` WHERE key IN ('A1/report/r2');",
    ]);
  });

  it('new tables cost the same, however many they are', async () => {
    const added: number[] = [];
    for (const count of [1, 40]) {
      const named = tables(count).map((table) => ({ ...table, name: `${table.name}_of_${count}` }));
      added.push((await billed(named)) - (await billed(named)));
    }
    assert.equal(added[0], added[1]);
    assertSaid(
      `A commit that creates tables or adds columns is billed for ${Number(added[0]) / megabyte} MB more`,
    );
  });

  it('received messages are looked up ten at a time', async () => {
    await billed(tables(1));
    assertSaid(`Each ten received messages cost ${(await lookedUp()) / megabyte} MB more`);
  });

  /** The bytes billed for looking up ten documents. */
  async function lookedUp(): Promise<number> {
    const from = scene.recorder.recorded.length;
    await scene.warehouse().seen(Array.from({ length: 10 }, (_, n) => `A1/document-${n}`));
    return bytesBilled(scene.recorder, from);
  }

  function assertSaid(text: string): void {
    assert.ok(
      docs.replace(/\s+/g, ' ').includes(text.replace(/\s+/g, ' ')),
      `docs/bigquery.md should say:\n${text}`,
    );
  }
});
