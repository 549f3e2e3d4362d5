import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readConfig } from '../../src/config/read.js';
import { ReportsError } from '../../src/errors/reports-error.js';
import { convertDocument } from '../../src/ingest/convert-document.js';
import { Random } from '../../src/sandbox/random.js';
import { packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';
import { examineDocument } from '../../src/source/document/examine.js';
import { readNotification } from '../../src/source/notification.js';
import { openQuotaPlan, quotaJson } from '../../src/source/selling-partner/quota.js';
import { openSellingPartner } from '../../src/source/selling-partner/selling-partner.js';
import { readRows } from '../parse/read-rows.js';
import { openFolderStore } from '../../src/store/folder-store.js';

export const fuzzKinds = ['document', 'table', 'notification', 'settings', 'schema', 'answer'] as const;

export type FuzzKind = (typeof fuzzKinds)[number];

/** The results of many mutated inputs. */
export interface FuzzResult {
  cases: Record<FuzzKind, number>;
  /** How often each answer occurred: `read`, or the code of an error. */
  answers: Record<string, number>;
  /** Inputs with any other answer, with that answer. */
  failures: { kind: FuzzKind; seed: number; found: string }[];
  slowestMs: number;
  megabytes: number;
}

const root = new URL('../../', import.meta.url).pathname;
const schemas = readSchemas({ folders: [packagedSchemasFolder()] });
/** How much CPU time reading an input of a few kilobytes may take at most. */
const maxMs = 20_000;

/**
 * Mutates inputs, and reads them as the program does. Each must be read, by both engines alike, or
 * be refused with an error of the catalogue.
 */
export async function fuzz(
  cases: number,
  seed: number,
  onCase: (done: number) => void = () => {},
): Promise<FuzzResult> {
  const counts = Object.fromEntries(fuzzKinds.map((kind) => [kind, 0])) as FuzzResult['cases'];
  const result: FuzzResult = { cases: counts, answers: {}, failures: [], slowestMs: 0, megabytes: 0 };
  const folder = mkdtempSync(join(tmpdir(), 'sp-reports-fuzz-'));
  try {
    for (let done = 0; done < cases; done += 1) {
      const kind = fuzzKinds[done % fuzzKinds.length] as FuzzKind;
      const caseSeed = seed * 1_000_003 + done;
      const before = process.cpuUsage();
      let answer: string;
      try {
        answer = await tryOne[kind](new Random(caseSeed), folder);
      } catch (error) {
        answer = codeOf(error);
        if (answer === '') result.failures.push({ kind, seed: caseSeed, found: describe(error) });
      }
      const ms = process.cpuUsage(before).user / 1000;
      if (ms > maxMs) result.failures.push({ kind, seed: caseSeed, found: `${Math.round(ms)} ms` });
      result.slowestMs = Math.max(result.slowestMs, ms);
      counts[kind] += 1;
      result.answers[answer] = (result.answers[answer] ?? 0) + 1;
      onCase(done + 1);
    }
    result.megabytes = Math.round(process.memoryUsage.rss() / 1024 ** 2);
    return result;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const codeOf = (error: unknown) => (error instanceof ReportsError ? error.code : '');
const describe = (error: unknown) =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

const reportTypes = readdirSync(join(root, 'test', 'fixtures')).filter((name) => name.startsWith('GET_'));
const documents = reportTypes.flatMap((reportType) =>
  readdirSync(join(root, 'test', 'fixtures', reportType))
    .filter((name) => !name.endsWith('.expected.json'))
    .map((name) => ({
      reportType,
      bytes: readFileSync(join(root, 'test', 'fixtures', reportType, name)),
    })),
);

/** One case of a kind: returns the answer, or throws. */
const tryOne: Record<FuzzKind, (random: Random, folder: string) => Promise<string>> = {
  async document(random, folder) {
    const { reportType, bytes } = random.pick(documents);
    return readByBoth(mutated(bytes, random), reportType, folder);
  },

  /** Rows with known values: each comes out, or is rejected whole. */
  async table(random, folder) {
    const header = ['item-name', 'seller-sku', 'price', 'quantity', 'open-date'];
    const cell = () =>
      random.pick([
        '',
        'Lamp',
        '19.99',
        '1,5',
        '7',
        '-',
        'many',
        '2026-10-01 10:00:00 PDT',
        'ü"',
        "'",
        ' x ',
      ]);
    const rows = Array.from({ length: random.integer(1, 40) }, (_, index) => {
      const width = random.chance(0.1) ? header.length + random.integer(1, 3) : header.length;
      // An empty row would not be a row, and empty surplus cells are harmless.
      return Array.from({ length: width }, (_, at) =>
        at === 1 || at >= header.length ? `sku-${index}` : cell(),
      );
    });
    const text = [header, ...rows].map((cells) => cells.join('\t')).join(random.pick(['\n', '\r\n']));
    const read = await readBoth(Buffer.from(text), 'GET_MERCHANT_LISTINGS_ALL_DATA', folder);
    if ('code' in read) {
      const allRejected = rows.every((cells) => cells.length > header.length);
      if (allRejected) return read.code;
      throw new Error(`${read.code} for a table of ${rows.length} rows:\n${text}`);
    }
    const rejected = read.rejects.filter(({ column }) => column === null).length;
    if (read.rows + rejected === rows.length) return 'read';
    throw new Error(`${rows.length} rows in, ${read.rows} out and ${rejected} rejected:\n${text}`);
  },

  async notification(random) {
    const body = JSON.stringify({
      notificationType: 'REPORT_PROCESSING_FINISHED',
      payload: {
        reportProcessingFinishedNotification: {
          sellerId: 'A1',
          accountId: 'amzn1.merchant.o.A1',
          reportId: '123',
          reportType: 'GET_TEST',
          processingStatus: 'DONE',
          reportDocumentId: 'amzn1.spdoc.1.4.na.x',
        },
      },
    });
    const wrapped = random.pick([body, `{"detail":${body}}`, JSON.stringify({ Message: body })]);
    readNotification(String(mutated(Buffer.from(wrapped), random)), 'id');
    return 'read';
  },

  async settings(random, folder) {
    const path = join(folder, 'pipelines.yaml');
    writeFileSync(path, mutated(readFileSync(join(root, 'pipelines.yaml')), random));
    readConfig({ path, cwd: folder, env: {}, tolerateUnset: true });
    return 'read';
  },

  async schema(random, folder) {
    const here = mkdtempSync(join(folder, 'schemas-'));
    const name = random.pick(readdirSync(join(root, 'schemas')).filter((each) => each.endsWith('.yaml')));
    writeFileSync(join(here, name), mutated(readFileSync(join(root, 'schemas', name)), random));
    try {
      readSchemas({ folders: [here] });
      return 'read';
    } finally {
      rmSync(here, { recursive: true });
    }
  },

  async answer(random) {
    const report = {
      reportId: '1',
      reportType: 'GET_TEST',
      processingStatus: 'DONE',
      createdTime: '2026-10-01T00:00:00Z',
      marketplaceIds: ['ATVPDKIKX0DER'],
      reportDocumentId: 'd',
      url: 'https://documents.invalid/d',
      compressionAlgorithm: 'GZIP',
    };
    const whole = { ...report, reports: [report], nextToken: 'x', restrictedDataToken: 'Atz.sprdt|x' };
    const body = String(mutated(Buffer.from(JSON.stringify(whole)), random));
    const status = random.pick([200, 200, 200, 400, 403, 404, 418]);
    const real = globalThis.fetch;
    globalThis.fetch = (async (url: string) =>
      url.includes('auth')
        ? new Response('{"access_token":"t","expires_in":3600}')
        : new Response(body, { status })) as typeof fetch;
    try {
      const seller = openSellingPartner({
        seller: {
          id: 'A1',
          region: 'na',
          credentials: { clientId: 'c', clientSecret: 's', refreshToken: 'r' },
        },
        quota: openQuotaPlan({
          state: { read: quotaJson.missing, change: async (change) => void change(quotaJson.missing()) },
        }),
      });
      const call = { deadlineMs: Date.now() + 5000 };
      const what = random.integer(0, 2);
      if (what === 0) await seller.getReport('1', call);
      if (what === 1) await seller.getReportDocument('d', { ...call, restricted: random.chance(0.5) });
      if (what === 2) {
        let pages = 0;
        const filter = { reportTypes: ['GET_TEST'], statuses: ['DONE' as const], createdSince: new Date(0) };
        for await (const _ of seller.getReports(filter, call)) {
          pages += 1;
          // Each answer may have a token for a next page.
          if (pages > 20) break;
        }
      }
      return 'read';
    } finally {
      globalThis.fetch = real;
    }
  },
};

/**
 * Reads a document by both engines: returns `read`, or the code of its error. Errors: a difference
 * between the engines.
 */
export async function readByBoth(bytes: Buffer, reportType: string, folder: string): Promise<string> {
  const read = await readBoth(bytes, reportType, folder);
  return 'code' in read ? read.code : 'read';
}

type Read = { code: string } | { rows: number; rejects: { column: string | null }[] };

/**
 * Reads a document by both engines, values and Parquet. Errors: a difference between the engines.
 */
async function readBoth(bytes: Buffer, reportType: string, folder: string): Promise<Read> {
  const path = join(folder, 'document');
  writeFileSync(path, bytes);
  const metadata = { sellerId: 'A1', documentId: 'd1', reportType, marketplaceIds: [] };
  const raw = { metadata, path, bytes: bytes.length, kept: null };
  const schema = schemas.get(reportType);
  const values = async (engine: 'columnar' | 'reference') => {
    try {
      const document = await examineDocument(raw, { maxTextBytes: 64 * 1024 ** 2 });
      const { rowsOf, rows, rejects, columns } = await readRows(document, schema, engine);
      return { rowsOf, rows: rows.length, rejects, columns };
    } catch (error) {
      if (codeOf(error) === '') throw error;
      return { code: codeOf(error) };
    }
  };
  const [columnar, reference] = [await values('columnar'), await values('reference')];
  if (!isDeepStrictEqual(columnar, reference)) {
    throw new Error(
      `the engines differ on ${reportType} ${bytes.toString('base64').slice(0, 6000)}\n${JSON.stringify(columnar).slice(0, 500)}\n${JSON.stringify(reference).slice(0, 500)}`,
    );
  }
  const options = { maxTextBytes: 64 * 1024 ** 2, schema, schemas: new Map() };
  try {
    const { written } = await convertDocument(
      raw,
      { lake: openFolderStore(join(folder, 'lake')), engine: 'columnar' },
      options,
    );
    const rows = written.tables.reduce((sum, table) => sum + table.rows, 0);
    if ('code' in columnar || rows !== columnar.rows || written.rejects !== columnar.rejects.length) {
      throw new Error(`${rows} rows in Parquet: ${JSON.stringify(columnar).slice(0, 500)}`);
    }
  } catch (error) {
    if (codeOf(error) === '' || !('code' in columnar) || columnar.code !== codeOf(error)) throw error;
  }
  return columnar;
}

const tokens = [
  '\t',
  '\n',
  '\r\n',
  '"',
  ',',
  ';',
  '{',
  '}',
  '[',
  ']',
  '<',
  '>',
  '&',
  '\0',
  '\ufeff',
  '€',
  '日',
  ': ',
  '- ',
  '&a',
  '*a',
  '!!',
  '${X}',
  '9'.repeat(40),
  '-',
  'null',
  '<![CDATA[',
  '<!--',
  '\x1f\x8b',
];

/**
 * Bytes that are changed at a few positions: flipped, removed, doubled, cut off, or with some
 * inserted.
 */
function mutated(bytes: Buffer, random: Random): Buffer {
  let now = Buffer.from(bytes);
  const changes = random.integer(1, 4);
  for (let change = 0; change < changes && now.length > 0; change += 1) {
    const at = random.integer(0, now.length - 1);
    const end = Math.min(now.length, at + random.integer(1, 60));
    const [before, cut, after] = [now.subarray(0, at), now.subarray(at, end), now.subarray(end)];
    switch (random.integer(0, 5)) {
      case 0:
        now[at] = random.integer(0, 255);
        break;
      case 1:
        now = Buffer.concat([before, after]);
        break;
      case 2:
        now = Buffer.concat([before, cut, cut, cut, after]);
        break;
      case 3:
        now = random.chance(0.2) ? Buffer.from(before) : now;
        break;
      case 4:
        now = Buffer.concat([before, Buffer.from(random.pick(tokens)), cut, after]);
        break;
      default:
        now = Buffer.concat([before, Buffer.from(random.pick(tokens)), after]);
    }
  }
  return now;
}
