import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Field } from '../../../src/warehouse/bigquery/column-types.js';
import type { Dataset } from '../../../src/warehouse/bigquery/dataset.js';
import type { ApiRequest, JobRequest } from '../../../src/warehouse/bigquery/requests.js';
import { RecordedRows } from './recorded-rows.js';
import { applyStatement, type RecordedTable, RefusedStatement, statementsOf } from './recorded-tables.js';

/** What was sent to BigQuery, in order. */
export type Recorded =
  | { do: 'run'; sql: string; dataset: string; isDryRun: boolean; refusal?: string }
  | { do: 'load'; table: string; fields: Field[] }
  | { do: 'drop'; table: string };

interface Answer {
  status?: number;
  body: object;
}

/**
 * A server that answers as BigQuery's REST API does if all goes well, and records what it is sent.
 * It runs no SQL: it knows tables by their DDL, and of rows only what the program plans from.
 */
export class Recorder {
  readonly recorded: Recorded[] = [];
  readonly tables = new Map<string, RecordedTable>();
  private readonly rows = new RecordedRows();
  private readonly jobs = new Map<string, { sql?: string; refused?: RefusedStatement; outcome?: string }>();
  private readonly folder = mkdtempSync(join(tmpdir(), 'recorder-'));
  private readonly server: Server;
  private isDatasetThere = false;
  /** The dataset as the API describes it. */
  dataset: Dataset = { location: 'EU' };

  private constructor() {
    this.server = createServer((request, response) => {
      this.answer(request).then(
        ({ status = 200, body }) =>
          response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
        // An error of this test, which the program must not take for one that passes.
        (error: unknown) =>
          response.writeHead(400, { 'content-type': 'application/json' }).end(failure(400, String(error))),
      );
    });
  }

  static async start(): Promise<Recorder> {
    const recorder = new Recorder();
    await new Promise<void>((resolve) => recorder.server.listen(0, '127.0.0.1', resolve));
    return recorder;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async answer(request: IncomingMessage): Promise<Answer> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const sent = Buffer.concat(chunks);
    const method = request.method as NonNullable<ApiRequest['method']>;
    const path = decodeURIComponent((request.url ?? '').replace(/\?.*/, '')).replace(
      /^.*\/projects\/[^/]+/,
      '',
    );
    const isUpload = (request.headers['content-type'] ?? '').startsWith('multipart/');
    if (method === 'POST' && path === '/jobs') return this.begin(isUpload ? partsOf(sent) : { json: sent });
    const [, job] = /^\/(?:jobs|queries)\/([^/]+)/.exec(path) ?? [];
    if (job) return this.read(job, path);
    const [, table] = /^\/datasets\/[^/]+\/tables\/(.+)$/.exec(path) ?? [];
    if (table) return this.describe(method, path, table);
    if (path.endsWith('/tables')) {
      const tables = [...this.tables.keys()].map((tableId) => ({ tableReference: { tableId } }));
      return { body: { tables } };
    }
    if (method === 'POST') this.isDatasetThere = true;
    return this.isDatasetThere ? { body: this.dataset } : missing(`Dataset p${path}`);
  }

  private async begin({ json, file }: { json: Buffer; file?: Buffer }): Promise<Answer> {
    const { configuration = {}, jobReference } = JSON.parse(json.toString('utf8')) as JobRequest;
    const id = jobReference?.jobId ?? '';
    if (this.jobs.has(id)) {
      return { status: 409, body: JSON.parse(failure(409, 'Already Exists: Job p:x', 'duplicate')) };
    }
    const { load, query, dryRun: isDryRun = false } = configuration;
    if (load) {
      const { datasetId, tableId = '' } = load.destinationTable ?? {};
      const fields = (load.schema?.fields ?? []) as Field[];
      this.recorded.push({ do: 'load', table: `${datasetId}.${tableId}`, fields });
      this.tables.set(tableId, { type: 'TABLE', fields, layout: '', labels: {} });
      if (file) this.rows.stage(tableId, this.keep(tableId, file));
      this.jobs.set(id, {});
    } else {
      const sql = query?.query ?? '';
      const dataset = query?.defaultDataset?.datasetId ?? '';
      if (/^SELECT name, version, body FROM/.test(sql) && !this.tables.has('_state'))
        return missing('Table p:d._state');
      const ran = isDryRun ? {} : await this.run(sql);
      this.recorded.push({ do: 'run', sql, dataset, isDryRun, refusal: ran.refused?.message });
      this.jobs.set(id, { sql, ...ran });
    }
    return this.read(id, '/jobs');
  }

  private async run(sql: string): Promise<{ refused?: RefusedStatement; outcome?: string }> {
    try {
      for (const statement of statementsOf(sql)) applyStatement(this.tables, statement);
    } catch (refused) {
      if (refused instanceof RefusedStatement) return { refused };
      throw refused;
    }
    return { outcome: await this.rows.run(statementsOf(sql)) };
  }

  private read(id: string, path: string): Answer {
    const job = this.jobs.get(id);
    if (!job) return missing('Job p:x');
    if (path.startsWith('/queries/')) {
      return { body: { jobComplete: true, ...this.rows.answer(job.sql ?? '', job.outcome) } };
    }
    const errorResult = job.refused && { reason: job.refused.reason, message: job.refused.message };
    const query = { statementType: 'SELECT', totalBytesProcessed: '0', totalBytesBilled: '0' };
    const jobReference = { projectId: 'p', jobId: id, location: 'EU' };
    return { body: { jobReference, status: { state: 'DONE', errorResult }, statistics: { query } } };
  }

  private describe(method: string, path: string, name: string): Answer {
    const table = this.tables.get(name);
    if (!table) return missing(`Table p${path}`);
    if (method === 'DELETE') {
      this.tables.delete(name);
      this.recorded.push({ do: 'drop', table: `${path.split('/')[2]}.${name}` });
    }
    const { type, fields, labels } = table;
    return { body: { type, labels, schema: { fields }, numRows: '0' } };
  }

  private keep(table: string, bytes: Buffer): string {
    const path = join(this.folder, `${table}.parquet`);
    writeFileSync(path, bytes);
    return path;
  }
}

/** The job and the Parquet file of a multipart upload. */
function partsOf(body: Buffer): { json: Buffer; file: Buffer } {
  const end = body.indexOf('\r\n--', body.indexOf('{'));
  const file = body.subarray(body.indexOf('PAR1', end), body.lastIndexOf('PAR1') + 4);
  return { json: body.subarray(body.indexOf('{'), end), file };
}

function missing(what: string): Answer {
  return { status: 404, body: JSON.parse(failure(404, `Not found: ${what}`, 'notFound')) };
}

function failure(code: number, message: string, reason = 'invalid'): string {
  return JSON.stringify({ error: { code, message, errors: [{ reason, message }] } });
}
