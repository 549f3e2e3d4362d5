import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { program, runInProcess } from '../ingest/world.js';

const email = 'q1w2@marketplace.example';
const feedback = [
  'Date\tRating\tComments\tYour Response\tOrder ID\tRater Email',
  `2026-11-05\t5\tthanks from ${email}\t\t305-1234567-1234567\t${email}`,
].join('\n');
const traffic = JSON.stringify({
  reportSpecification: {
    reportType: 'GET_SALES_AND_TRAFFIC_REPORT',
    reportOptions: { dateGranularity: 'DAY', asinGranularity: 'PARENT' },
    dataStartTime: '2026-11-01',
    dataEndTime: '2026-11-01',
    marketplaceIds: ['ATVPDKIKX0DER'],
  },
  salesAndTrafficByAsin: ['B0A', 'B0B', 'B0C'].map((parentAsin) => ({ parentAsin })),
});

interface Called {
  isError: boolean;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: the answers of eight tools
  json: any;
}

describe('the MCP server, to a client of the protocol', function () {
  this.timeout(120_000);
  let folder: string;
  let client: Client;
  let log = '';

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mcp-'));
    writeFileSync(join(folder, 'feedback.tsv'), feedback);
    writeFileSync(join(folder, 'traffic.json'), traffic);
    writeFileSync(join(folder, 'broken.tsv'), `Date\tOrder ID\n`.concat(`2026-11-05\t1\t2\t"${email}"\n`));
    const io = { env: {}, cwd: folder };
    await runInProcess(['load', 'feedback.tsv', '--type', 'GET_SELLER_FEEDBACK_DATA'], io);
    await runInProcess(['load', 'traffic.json'], io);
    await runInProcess(['load', 'broken.tsv', '--type', 'GET_SELLER_FEEDBACK_DATA'], io);
    client = await connect();
  });
  after(async () => {
    await client?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function connect(...options: string[]): Promise<Client> {
    const made = new Client({ name: 'test', version: '1' });
    const [command, args] = [process.execPath, [...program(), ...options, 'mcp']];
    const transport = new StdioClientTransport({ command, args, cwd: folder, stderr: 'pipe' });
    transport.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    await made.connect(transport);
    return made;
  }

  async function call(name: string, given: object = {}, by = client): Promise<Called> {
    const { content, isError } = await by.callTool({ name, arguments: { ...given } });
    const [part] = content as { text: string }[];
    const text = part?.text ?? '';
    return { isError: isError === true, text, json: isError ? undefined : JSON.parse(text) };
  }

  it('offers tools that only read, each with a description and a schema of its input', async () => {
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map(({ name }) => name).sort(), [
      ...['describe_table', 'explain_document', 'freshness', 'gaps', 'list_documents', 'list_tables'],
      ...['run_query', 'sample_rows'],
    ]);
    for (const { name, description, inputSchema, annotations } of tools) {
      assert.ok((description ?? '').length > 40, name);
      assert.equal(inputSchema.type, 'object', name);
      assert.equal(annotations?.readOnlyHint, true, name);
    }
  });

  it('lists tables and views with what they are about, and describes their columns', async () => {
    const { relations } = (await call('list_tables')).json;
    const named = new Map(relations.map((each: { name: string }) => [each.name, each]));
    assert.deepEqual(
      [...named.keys()].filter((name) => /asin|feedback/.test(String(name))),
      ['conversion_per_asin', 'sales_and_traffic_by_asin', 'seller_feedback'],
    );
    const view = (await call('describe_table', { name: 'conversion_per_asin' })).json;
    assert.equal(view.isView, true);
    assert.ok(
      view.description.length > 20 &&
        view.columns.some(({ description }: { description?: string }) => description),
    );
  });

  it('makes views of the user that come or change while it runs, and says why one was not made', async () => {
    const views = join(folder, 'schemas', 'views');
    mkdirSync(views, { recursive: true });
    const write = (name: string, sql: string) =>
      writeFileSync(
        join(views, `${name}.sql`),
        `-- Mine.\n--\n-- Tables: sales_and_traffic_by_asin\n${sql}\n`,
      );
    write('my_asins', 'SELECT COUNT(*) AS asins FROM sales_and_traffic_by_asin');
    write('my_mistake', 'SELECT nothing_like_it FROM sales_and_traffic_by_asin');
    const { viewsNotMade } = (await call('list_tables')).json;
    assert.deepEqual(Object.keys(viewsNotMade), ['my_mistake']);
    assert.match(viewsNotMade.my_mistake, /nothing_like_it/);
    assert.deepEqual((await call('run_query', { sql: 'SELECT * FROM my_asins' })).json.rows, [['3']]);
    write('my_asins', 'SELECT COUNT(*) + 1 AS asins FROM sales_and_traffic_by_asin');
    assert.deepEqual((await call('run_query', { sql: 'SELECT * FROM my_asins' })).json.rows, [['4']]);
    rmSync(join(folder, 'schemas'), { recursive: true });
  });

  it('answers a query as rows, and says when it was cut', async () => {
    const sql = 'SELECT parent_asin FROM sales_and_traffic_by_asin ORDER BY 1';
    assert.deepEqual((await call('run_query', { sql })).json.rows, [['B0A'], ['B0B'], ['B0C']]);
    const cut = (await call('run_query', { sql, maxRows: 2 })).json;
    assert.deepEqual([cut.rows, cut.isCut], [[['B0A'], ['B0B']], true]);
    const long = await call('run_query', { sql: 'SELECT * FROM range(100000)' });
    assert.deepEqual([long.json.rows.length, long.json.isCut], [200, true]);
  });

  it('keeps columns with personal data from the client, in every tool', async () => {
    const { columns, note } = (await call('describe_table', { name: 'seller_feedback' })).json;
    const names = columns.map(({ name }: { name: string }) => name);
    assert.ok(names.includes('rating') && !names.includes('rater_email') && !names.includes('comments'));
    assert.match(note, /hidden, as they have personal data: comments, response, rater_email/);
    const documents = (await call('list_documents')).json.documents as { documentId: string }[];
    const answers = [
      await call('sample_rows', { name: 'seller_feedback' }),
      await call('run_query', { sql: 'SELECT * FROM seller_feedback' }),
      await call('run_query', { sql: 'SELECT rater_email FROM seller_feedback' }),
      await call('run_query', { sql: 'SELECT * FROM main.seller_feedback' }),
      await call('run_query', { sql: 'SELECT * FROM _rejects' }),
      await call('run_query', { sql: 'SELECT * FROM _loads' }),
      ...(await Promise.all(
        documents.map(({ documentId }) => call('explain_document', { document: documentId })),
      )),
    ];
    assert.deepEqual(
      answers.map(({ text }) => text.includes(email)),
      answers.map(() => false),
    );
    assert.equal(answers[0]?.json.rows[0][0], '2026-11-05');
  });

  it('keeps those of a table from the client that was loaded a moment ago', async () => {
    await call('list_tables');
    const lines = ['order-id\tbuyer-email', `305-1\t${email}`].join('\n');
    writeFileSync(join(folder, 'new.tsv'), lines);
    const loaded = await runInProcess(['load', 'new.tsv', '--type', 'GET_NEW_KIND', '--new-type'], {
      env: {},
      cwd: folder,
    });
    assert.equal(loaded.code, 0, loaded.stderr);
    const { text, isError } = await call('run_query', { sql: 'SELECT * FROM new_kind' });
    assert.ok(!isError, text);
    assert.ok(text.includes('305-1') && !text.includes(email), text);
  });

  it('shows them if the settings say so', async () => {
    writeFileSync(join(folder, 'open.yaml'), 'mcp: { showPersonalData: true }\n');
    const open = await connect('--config', 'open.yaml');
    const { json } = await call('run_query', { sql: 'SELECT rater_email FROM seller_feedback' }, open);
    assert.deepEqual(json.rows, [[email]]);
    await open.close();
  });

  it('says why a document was quarantined and what to do', async () => {
    const { documents } = (await call('list_documents', { status: 'quarantined' })).json;
    assert.equal(documents.length, 1);
    const { json } = await call('explain_document', { document: documents[0].documentId });
    assert.equal(json.status, 'quarantined');
    assert.ok(json.reason.length > 10 && json.remedy.length > 10);
  });

  it('shows how fresh tables are, and their gaps', async () => {
    const { tables } = (await call('freshness')).json;
    assert.ok(tables.some(({ table }: { table: string }) => table === 'seller_feedback'));
    assert.ok(Array.isArray((await call('gaps')).json.gaps));
  });

  it('answers a mistake with what was found and what to do, and goes on', async () => {
    for (const [name, given, expected] of [
      ['describe_table', { name: 'sale_and_traffic_by_asin' }, /did you mean "sales_and_traffic_by_asin"/],
      ['run_query', { sql: 'SELECT nothing FROM seller_feedback' }, /nothing/],
      ['run_query', { sql: 'DELETE FROM seller_feedback' }, /begins with "DELETE"/],
      ['explain_document', { document: 'none' }, /document none.*list_documents/],
    ] as const) {
      const { isError, text } = await call(name, given);
      assert.ok(isError, name);
      assert.match(text, expected);
    }
    const refused = await client
      .callTool({ name: 'run_query', arguments: { sql: 5 } })
      .catch((error: Error) => error);
    assert.match(JSON.stringify(refused) + String(refused), /sql/);
    assert.ok(!(await call('list_tables')).isError);
  });

  it('logs each call on standard error, with what was asked', async () => {
    await call('run_query', { sql: 'SELECT 4711' });
    const lines = log.split('\n').filter((line) => line.includes('4711'));
    const { msg, tool, given } = JSON.parse(lines[0] ?? '{}');
    assert.deepEqual([msg, tool, given.sql], ['tool_called', 'run_query', 'SELECT 4711']);
  });

  it('ends when the client closes its input', () => {
    const ended = spawnSync(process.execPath, [...program(), 'mcp'], {
      cwd: folder,
      input: '',
      timeout: 60_000,
    });
    assert.deepEqual([ended.status, ended.stdout.toString()], [0, '']);
  });
});
