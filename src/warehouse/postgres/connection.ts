import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type pg from 'pg';
import { describeError, ReportsError } from '../../errors/reports-error.js';
import { keepSecret } from '../../errors/secrets.js';
import { type Clock, systemClock } from '../../runtime/clock.js';
import { exponentialBackoff, halfJitter, retry } from '../../runtime/retry.js';
import { Slots } from '../../runtime/slots.js';
import { PostgresError, postgresError } from './errors.js';
import { Session } from './session.js';
import { identifier } from './sql.js';
import { readTarget, type Target } from '../../config/postgres-url.js';

export interface PostgresTarget {
  /** A connection URI as libpq reads it: `postgres://user:password@host:5432/database`. */
  url: string;
  /** The schema that the tables are in. The first commit creates it. */
  schema: string;
}

/** Connections that this process keeps for a warehouse. A drain and the status page use few. */
const maxConnections = 5;
/**
 * Queries of users at the same time, each on a connection of its own. Neither commits nor what is
 * read of the ledger wait for them.
 */
export const maxQueries = 5;
const connectSeconds = 15;

/**
 * For how long work is tried again. If the server is still away then, a later run continues with
 * what was to be committed; somebody may be waiting for what was to be read.
 */
const maxRetryMs = { commit: 60_000, read: 5000 };
const retryBackoffMs = exponentialBackoff({ firstMs: 200, maxMs: 5000, jitter: halfJitter });

/** A schema of a PostgreSQL database. Connects when it is first used. */
export class PostgresServer {
  readonly schema: string;
  /** Its name in messages, without the password. */
  readonly path: string;
  private readonly target: Target;
  readonly querySlots = new Slots(maxQueries);
  /** Queries of users, which may take long, never keep a commit or a cancellation waiting. */
  private readonly pools: { work?: Promise<pg.Pool>; queries?: Promise<pg.Pool> } = {};

  constructor(
    { url, schema }: PostgresTarget,
    readonly clock: Clock = systemClock,
  ) {
    this.target = readTarget(url);
    this.schema = schema;
    this.path = `${this.target.name}.${schema}`;
    keepSecret(this.target.password);
  }

  /** The full name of a table. */
  table(name: string): string {
    return `${identifier(this.schema)}.${identifier(name)}`;
  }

  /**
   * Does work on a connection of its own, and tries again if the connection is lost, or if the work
   * may succeed after a pause. So the work must be safe to repeat, even after its commit.
   * Errors: those of `failureRows`.
   */
  async work<T>(kind: keyof typeof maxRetryMs, work: (session: Session) => Promise<T>): Promise<T> {
    return retry(() => this.once(work), {
      maxElapsedMs: maxRetryMs[kind],
      backoffMs: retryBackoffMs,
      isRetryable: (error) => error instanceof PostgresError && error.retry === 'now',
      clock: this.clock,
    });
  }

  /** Reads in one transaction, and tries again as `work` does. */
  async read<T>(read: (session: Session) => Promise<T>): Promise<T> {
    return this.work('read', (session) => session.transaction('read', () => read(session)));
  }

  /** As `work`, without a second try. `isOwn`: the connection is closed afterwards. */
  async once<T>(
    work: (session: Session) => Promise<T>,
    { isOwn = false }: { isOwn?: boolean } = {},
  ): Promise<T> {
    const client = await this.connect(isOwn ? 'queries' : 'work');
    // Without a listener, a connection that is lost between two statements ends the process.
    const onError = () => {};
    client.on('error', onError);
    let isBroken = true;
    try {
      const result = await work(Session.open(client, this.path));
      isBroken = false;
      return result;
    } finally {
      client.off('error', onError);
      // After any failure, closing the connection ends its transaction and its locks for sure.
      client.release(isOwn || isBroken);
    }
  }

  private async connect(kind: 'work' | 'queries'): Promise<pg.PoolClient> {
    try {
      this.pools[kind] ??= this.openPool(kind === 'queries' ? maxQueries : maxConnections);
      const pool = await this.pools[kind].catch((error: unknown) => {
        this.pools[kind] = undefined;
        throw error;
      });
      return await pool.connect();
    } catch (error) {
      throw postgresError(error, this.path);
    }
  }

  private async openPool(max: number): Promise<pg.Pool> {
    const { default: lib } = await import('pg');
    const { tls, config } = this.target;
    const common = {
      ...config,
      application_name: 'sp-reports',
      connectionTimeoutMillis: connectSeconds * 1000,
      keepAlive: true,
      // Of a server that vanished nothing else would be heard for two hours.
      keepAliveInitialDelayMillis: 30_000,
      // Values are read by `toJsonValue`.
      types: { getTypeParser: () => (text: unknown) => text } as unknown as pg.CustomTypesConfig,
    };
    const ssl = tls && tlsOptions(tls);
    const withTls = { ...common, ssl: ssl ?? false };
    const isRequired = tls === undefined || tls.isRequired;
    const chosen = isRequired || (await speaksTls(lib, withTls)) ? withTls : { ...common, ssl: false };
    const pool = new lib.Pool({
      ...chosen,
      max,
      idleTimeoutMillis: 10_000,
      allowExitOnIdle: true,
    });
    // Of an idle connection that is lost: the next work opens another one.
    pool.on('error', () => {});
    return pool;
  }
}

/** Whether the server takes TLS, which `sslmode=prefer` leaves to it. */
async function speaksTls(lib: typeof pg, config: pg.ClientConfig): Promise<boolean> {
  const client = new lib.Client(config);
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch (error) {
    if (/does not support SSL/i.test(String((error as Error).message))) return false;
    throw error;
  } finally {
    await client.end().catch(() => {});
  }
}

function tlsOptions({ rootCert, cert, key, verifies }: NonNullable<Target['tls']>): ConnectionOptions {
  const read = (path: string | undefined) => {
    try {
      return path === undefined ? undefined : readFileSync(path);
    } catch (error) {
      const found = (error as NodeJS.ErrnoException).code ?? describeError(error);
      throw new ReportsError('FILE_UNREADABLE', { path, found }, { cause: error });
    }
  };
  return {
    ca: rootCert === 'system' ? undefined : read(rootCert),
    cert: read(cert),
    key: read(key),
    rejectUnauthorized: verifies !== 'nothing',
    ...(verifies === 'chain' ? { checkServerIdentity: () => undefined } : {}),
  };
}
