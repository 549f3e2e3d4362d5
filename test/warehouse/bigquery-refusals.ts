import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An error as BigQuery's REST API answers it. */
export interface ApiError {
  code: number;
  reason: string;
  message: string;
}

export const invalid = (message: string): ApiError => ({ code: 400, reason: 'invalid', message });

/** What the tests refuse at any statement. Messages and reasons are BigQuery's. */
export const refusals = {
  invalid: invalid('Invalid value: this table can not be changed'),
  quota: {
    code: 403,
    reason: 'quotaExceeded',
    message: 'Quota exceeded: Your table exceeded quota for table update operations',
  },
  denied: {
    code: 403,
    reason: 'accessDenied',
    message: 'Access Denied: Table p:d.t: Permission bigquery.tables.delete denied',
  },
  backend: {
    code: 400,
    reason: 'jobBackendError',
    message: 'Error encountered during execution. Retrying may solve the problem.',
  },
  unavailable: { code: 503, reason: 'backendError', message: 'Error encountered. Try later.' },
} satisfies Record<string, ApiError>;

interface Rule {
  pattern: RegExp;
  error: ApiError;
  times: number;
}

/**
 * A proxy in front of an emulator that refuses what BigQuery's documentation says is refused, and
 * what a test wants to be refused. Emulators accept any change of a table.
 *
 * - `CREATE OR REPLACE TABLE` with other partitions or clusters than the table has:
 *   https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#create_table_statement
 * - `SET DATA TYPE` to a type that the column's type can not be coerced to, such as STRING:
 *   https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#alter_column_set_data_type_statement
 */
export class RefusingBigQuery {
  /** The SQL of the jobs, and the other requests that change something, in order. */
  readonly changes: string[] = [];
  private readonly layouts = new Map<string, string>();
  private rules: Rule[] = [];
  private allowed = Number.POSITIVE_INFINITY;
  private hook: { pattern: RegExp; work: () => Promise<void> } | undefined;

  private constructor(
    private readonly emulator: URL,
    private readonly server: ReturnType<typeof createServer>,
    readonly endpoint: string,
  ) {}

  static async start(emulator: string): Promise<RefusingBigQuery> {
    let proxy: RefusingBigQuery | undefined;
    const server = createServer((request, response) => void proxy?.handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    proxy = new RefusingBigQuery(new URL(emulator), server, endpoint);
    return proxy;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** Refuses statements that match. Of a script, the statements before the match are run. */
  refuse(pattern: RegExp, error: ApiError, times = Number.POSITIVE_INFINITY): void {
    this.rules.push({ pattern, error, times });
  }

  /**
   * Lets so many changes through, and then nothing any more, as if the program had been killed
   * there.
   */
  cutAfter(changes: number): void {
    this.allowed = changes;
  }

  /** Does something once, before the next statement that matches is run. */
  beforeNext(pattern: RegExp, work: () => Promise<void>): void {
    this.hook = { pattern, work };
  }

  /** Ends all refusals of `refuse` and `cutAfter`. */
  heal(): void {
    this.rules = [];
    this.allowed = Number.POSITIVE_INFINITY;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const sql = sqlOf(request, body);
    const change =
      request.method === 'GET' || /^SELECT/.test(sql ?? '') ? undefined : (sql ?? request.url ?? '');
    const answer = (error: ApiError) => {
      const { code, reason, message } = error;
      response.writeHead(code, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { code, message, errors: [{ reason, message }] } }));
    };
    if (this.allowed === 0 || (change !== undefined && this.allowed-- === 0)) {
      this.allowed = 0;
      return answer({ code: 403, reason: 'accessDenied', message: 'the program is dead' });
    }
    if (change !== undefined) this.changes.push(change);
    const rule = this.rules.find(({ pattern, times }) => times > 0 && pattern.test(sql ?? request.url ?? ''));
    const { hook } = this;
    if (hook?.pattern.test(sql ?? '')) {
      this.hook = undefined;
      await hook.work();
    }
    const documented = sql === undefined ? undefined : this.documentedRefusal(sql);
    if (documented) return answer(documented);
    if (rule) {
      rule.times -= 1;
      const before = sql?.slice(0, sql.search(rule.pattern)) ?? '';
      if (/;\n$/.test(before)) await this.runScript(request, body, `${before}END IF;`);
      return answer(rule.error);
    }
    if (sql !== undefined) this.note(sql);
    if (request.method === 'DELETE')
      this.layouts.delete((request.url ?? '').replace(/.*\/datasets\/(\w+)\/tables\/(\w+).*/, '$1.$2'));
    await this.forward(request, body, response);
  }

  private documentedRefusal(sql: string): ApiError | undefined {
    const [, replaced = ''] = /CREATE OR REPLACE TABLE `([^`]+)`/.exec(sql) ?? [];
    const existing = this.layouts.get(replaced);
    if (existing !== undefined && existing !== layoutOf(sql)) {
      return invalid(
        `Cannot replace a table with a different partitioning spec. Instead, DROP the table, and then recreate it. New partitioning spec is ${layoutOf(sql)} and existing spec is ${existing}`,
      );
    }
    if (/SET DATA TYPE (?!NUMERIC|BIGNUMERIC|FLOAT64)/.test(sql)) {
      return invalid(
        'ALTER TABLE ALTER COLUMN SET DATA TYPE requires that the existing column type is assignable to the new type',
      );
    }
    for (const [, dataset, from, to] of sql.matchAll(renames)) {
      if (this.layouts.has(`${dataset}.${to}`) && !sql.includes(`\`${dataset}.${to}\` RENAME`)) {
        return {
          code: 409,
          reason: 'duplicate',
          message: `Already Exists: Table ${dataset}.${to}, so ${from} can not take its name`,
        };
      }
    }
    return undefined;
  }

  private note(sql: string): void {
    for (const [statement, name = ''] of sql.matchAll(
      /CREATE (?:OR REPLACE )?TABLE (?:IF NOT EXISTS )?`([^`]+)`[^;]*/g,
    )) {
      if (!(statement.includes('IF NOT EXISTS') && this.layouts.has(name)))
        this.layouts.set(name, layoutOf(statement));
    }
    for (const [, dataset, from, to] of sql.matchAll(renames)) {
      this.layouts.set(`${dataset}.${to}`, this.layouts.get(`${dataset}.${from}`) ?? '');
      this.layouts.delete(`${dataset}.${from}`);
    }
    for (const [, name = ''] of sql.matchAll(/DROP TABLE (?:IF EXISTS )?`([^`]+)`/g))
      this.layouts.delete(name);
  }

  private async runScript(request: IncomingMessage, body: Buffer, script: string): Promise<void> {
    const job = JSON.parse(body.toString());
    job.configuration.query.query = script;
    this.note(script);
    await this.forward(request, Buffer.from(JSON.stringify(job)));
  }

  private forward(request: IncomingMessage, body: Buffer, response?: ServerResponse): Promise<void> {
    const { hostname, port, host } = this.emulator;
    const { 'transfer-encoding': _, ...sent } = request.headers;
    const headers = { ...sent, host, 'content-length': String(body.length) };
    return new Promise((resolve, reject) => {
      const out = httpRequest(
        { hostname, port, method: request.method, path: request.url, headers },
        (answer) => {
          answer.on('end', resolve);
          if (response) {
            response.writeHead(answer.statusCode ?? 500, answer.headers);
            answer.pipe(response);
          } else answer.resume();
        },
      );
      out.on('error', reject);
      out.end(body);
    });
  }
}

const renames = /ALTER TABLE `(\w+)\.(\w+)` RENAME TO `(\w+)`/g;

function sqlOf({ method, url }: IncomingMessage, body: Buffer): string | undefined {
  if (method !== 'POST' || !url?.includes('/jobs') || url.startsWith('/upload')) return undefined;
  const { query, dryRun } = JSON.parse(body.toString() || '{}').configuration ?? {};
  return dryRun ? undefined : query?.query;
}

/** Partitions and clusters, with the types of their columns. */
function layoutOf(create: string): string {
  const [, by = ''] =
    /((?:PARTITION BY .*? )?CLUSTER BY .*?)(?:\s+OPTIONS|\s+AS SELECT|$)/s.exec(create) ?? [];
  const columns = [...by.matchAll(/`(\w+)`/g)].map(([, name]) => name);
  const types = columns.map((name) => new RegExp(`\`${name}\` ([A-Z0-9]+)`).exec(create)?.[1]);
  return `${by} (${types.join(', ')})`;
}
