import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { NewReport } from '../../src/sandbox/sandbox.js';
import {
  listings,
  listingsType,
  makeWorld,
  orders,
  ordersType,
  returnsType,
  sellerId,
  type World,
} from '../ingest/world.js';
import { sparseWorkbook } from '../parse/hostile-workbooks.js';

/** One bad input, and what happens to its data. */
interface BadInput {
  input: string;
  /** A report with its document, or a function that sends the input. */
  give: Partial<NewReport> | ((world: World) => Promise<void>);
  becomes: string;
}

const text = (lines: string[]) => Buffer.from(`${lines.join('\n')}\n`);
const quarantined = 'nothing is loaded; the bytes are kept in raw';
const cut = gzipSync(listings(50)).subarray(0, -20);
const damaged = gzipSync(listings(50));
damaged.fill(0x5a, 60, 80);

const badInputs: BadInput[] = [
  {
    input: 'a message that is not a notification',
    give: ({ sandbox }) => sandbox.sendBody('hello'),
    becomes: 'its text is kept in the ledger; with a redrive policy it goes to the dead-letter queue',
  },
  {
    input: 'a report of a seller who is not in pipelines.yaml',
    give: { sellerId: 'A9STRANGER', reportType: listingsType, body: listings(1) },
    becomes: 'its text is kept in the ledger until the seller is known',
  },
  {
    input: 'a report that Amazon could not make',
    give: { reportType: listingsType, status: 'FATAL', body: Buffer.from('{"errorDetails":"No data."}') },
    becomes: 'its explanation is kept as the reason; no rows are loaded',
  },
  {
    input: 'a document that Amazon no longer has',
    give: async (world) => {
      const report = world.sandbox.addReport({ ...named('gone'), body: listings(1) });
      await world.sandbox.notify(report);
      delete report.document;
    },
    becomes: 'the reason is in the ledger',
  },
  {
    input: 'a document that Amazon refuses',
    give: async (world) => {
      const report = world.sandbox.addReport({ ...named('refused'), body: listings(1) });
      await world.sandbox.notify(report);
      world.sandbox.state.faults.answers.set(`getReportDocument ${report.documentId}`, {
        status: 403,
        times: 9,
      });
    },
    becomes: 'the reason is in the ledger',
  },
  { input: 'a truncated gzip file', give: { body: cut, gzip: false }, becomes: quarantined },
  { input: 'a gzip file with damaged bytes', give: { body: damaged, gzip: false }, becomes: quarantined },
  { input: 'a document above the size limit', give: { body: listings(400) }, becomes: quarantined },
  {
    input: 'a document without any bytes',
    give: { body: Buffer.alloc(0) },
    becomes: 'the rows in the table stay',
  },
  {
    input: 'a sentence instead of a report',
    give: { body: text(['No data available']) },
    becomes: quarantined,
  },
  {
    input: 'an error message instead of a report',
    give: { body: Buffer.from('{"errorDetails": "no data"}') },
    becomes: quarantined,
  },
  {
    input: 'numbers without a header',
    give: { body: text(['1', '2', '3']) },
    becomes: quarantined,
  },
  {
    input: 'a document of another type',
    give: { body: text(['settlement-id\tdeposit-date\ttotal-amount', '1\t2026-10-01\t5.00']) },
    becomes: quarantined,
  },
  {
    input: 'a document that fits another type far better',
    give: {
      body: text([
        'sku\tasin\tfnsku\torder-id\treturn-date\tquantity\tdetailed-disposition\treason',
        'A-1\tB01\tX01\t111-1\t2026-10-01T00:00:00Z\t1\tSELLABLE\tUNWANTED_ITEM',
      ]),
    },
    becomes: quarantined,
  },
  {
    input: 'a document of blank lines only',
    give: { body: text(['', '', '']) },
    becomes: 'the rows in the table stay',
  },
  {
    input: 'a document without its key columns',
    give: { reportType: ordersType, body: text(['order-status\tquantity', 'Shipped\t1']) },
    becomes: quarantined,
  },
  {
    input: 'a document whose rows are all wider than the header',
    give: { body: text(['item-name\tseller-sku', 'Lamp\tA1\t1.00']) },
    becomes: 'the rows in the table stay; the bytes are kept in raw',
  },
  {
    input: 'truncated JSON',
    give: {
      reportType: 'GET_SALES_AND_TRAFFIC_REPORT',
      body: Buffer.from('{"salesAndTrafficByDate": [{"date":'),
    },
    becomes: quarantined,
  },
  {
    input: 'JSON that is nested 1,500 levels deep',
    give: {
      reportType: 'GET_SALES_AND_TRAFFIC_REPORT',
      body: Buffer.from(`{"salesAndTrafficByDate":[{"date":${'['.repeat(1500)}${']'.repeat(1500)}}]}`),
    },
    becomes: quarantined,
  },
  {
    input: 'XML that is nested 1,000 levels deep',
    give: {
      reportType: 'GET_ORDER_REPORT_DATA_SHIPPING',
      body: Buffer.from(`${'<a>'.repeat(1000)}${'</a>'.repeat(1000)}`),
    },
    becomes: quarantined,
  },
  {
    input: 'a document with 3,000 columns',
    give: { body: text([`item-name\tseller-sku${'\ta'.repeat(3000)}`, 'Lamp\tA1']) },
    becomes: quarantined,
  },
  {
    input: 'a workbook of two cells that are a million rows apart',
    give: async (world) => {
      const body = await sparseWorkbook();
      await world.sandbox.notify(world.sandbox.addReport({ ...named('sparse workbook'), body }));
    },
    becomes: quarantined,
  },
  {
    input: 'a PDF',
    give: { body: Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n', 'latin1') },
    becomes: quarantined,
  },
  {
    input: 'a value that does not fit its type',
    give: { reportType: ordersType, body: orders([{ id: '1', status: 'Shipped', price: 'cheap' }]) },
    becomes: 'the value is NULL in the table, and its text is in `_rejects`',
  },
  {
    input: 'a row that is wider than the header',
    give: {
      reportType: returnsType,
      body: text(['return-date\torder-id\tsku', '2026-10-01\t1\tA', '2026-10-01\t2\tB\tsurplus']),
    },
    becomes: 'the row is not in the table; all of it is in `_rejects`',
  },
  {
    input: 'a row of JSON that is null',
    give: {
      reportType: 'GET_SALES_AND_TRAFFIC_REPORT',
      body: text([
        '{"reportSpecification": {"dataStartTime": "2026-10-01", "dataEndTime": "2026-10-01",',
        '"reportOptions": {"asinGranularity": "PARENT"}, "marketplaceIds": ["ATVPDKIKX0DER"]},',
        '"salesAndTrafficByAsin": [{"parentAsin": "B0AAAAAAA1"}, null]}',
      ]),
    },
    becomes: 'the row is not in the table; it is in `_rejects`',
  },
  // This one is last because its message is redelivered.
  {
    input: 'a report that Amazon says is not finished',
    give: async (world) => {
      const report = world.sandbox.addReport({ ...named('unfinished'), status: 'IN_PROGRESS' });
      await world.sandbox.notify({ ...report, status: 'DONE' });
    },
    becomes: 'the message stays on the queue',
  },
];

function named(id: string): NewReport {
  return {
    sellerId,
    reportType: listingsType,
    reportId: `5${createHash('md5').update(id).digest().readUInt32BE()}`,
    documentId: `document-${id.replaceAll(' ', '-')}`,
    createdAt: new Date('2026-10-01T00:00:00Z'),
  };
}

/** Runs the program on each input, and returns the page docs/bad-input.md with the results. */
export async function badInputPage(): Promise<string> {
  const rows: string[] = [];
  const world = await makeWorld({
    pipelines: [{ limits: { waitTimeSeconds: 0, maxDocumentBytes: 8000 } }],
  });
  try {
    for (const { input, give, becomes } of badInputs) {
      if (typeof give === 'function') await give(world);
      else await world.sandbox.notify(world.sandbox.addReport({ ...named(input), ...give }));
      const { stdout, stderr } = await world.run('run', '--json');
      if (stdout === '') throw new Error(stderr);
      rows.push(`| ${[input, ...(await answerTo(world, stdout, becomes)), becomes].map(cell).join(' | ')} |`);
    }
  } finally {
    await world.close();
  }
  return `# Bad input

How the program handles unexpected input. The rows come from a test run. The codes are those of [errors.md](errors.md). After a
fix, load a quarantined document again with \`sp-reports reload\`.

| input | outcome | code | message | what happens to the data |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

/** Returns outcome, code and message of the last run. */
async function answerTo(world: World, stdout: string, becomes: string): Promise<[string, string, string]> {
  const { outcomes, failures } = JSON.parse(stdout) as {
    outcomes: Record<string, number>;
    failures: { code: string; message: string }[];
  };
  const outcome = Object.keys(outcomes).join(', ');
  if (failures[0]) return [outcome, failures[0].code, failures[0].message];
  const [load] = await world.query(
    'SELECT reason_code, reason, rejects::INT AS rejects, raw_path, tables::VARCHAR AS tables FROM _loads ORDER BY loaded_at DESC LIMIT 1',
  );
  if (
    becomes === quarantined &&
    (load?.tables !== '[]' || !existsSync(join(world.folder, 'raw', String(load.raw_path))))
  ) {
    throw new Error(`expected that ${becomes}, found ${JSON.stringify(load)}`);
  }
  if (!load?.rejects) return [outcome, String(load?.reason_code ?? ''), String(load?.reason ?? '')];
  const [reject] = await world.query(
    'SELECT column_name, raw, reason FROM _rejects ORDER BY loaded_at DESC LIMIT 1',
  );
  return [outcome, '', `${reject?.column_name ?? 'row'}: ${reject?.reason}, found ${reject?.raw}`];
}

function cell(words: string): string {
  return words
    .replace(/message [0-9a-f-]{36}/, 'message {messageId}')
    .replaceAll('\n', ' ')
    .replaceAll('|', '\\|')
    .replaceAll('\t', '⇥');
}
