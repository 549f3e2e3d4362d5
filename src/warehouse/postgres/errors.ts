import { describeError, type ErrorCode, ReportsError, type Retry } from '../../errors/reports-error.js';

/** What the server, or the client on its behalf, reports about a failure. */
export interface PostgresFailure {
  /** SQLSTATE; or the code of Node for a failure of the network, such as ECONNREFUSED. */
  code: string;
  message: string;
}

interface FailureRow {
  /** Names the row in the tests. */
  name: string;
  error: ErrorCode;
  where: (failure: PostgresFailure) => boolean;
  /** `now`: the same work may be tried again after a pause. */
  retry?: Retry;
}

/** A failure of PostgreSQL as an error of the catalogue. */
export class PostgresError extends ReportsError {
  /** The name in PostgreSQL of the table that rows went into. */
  table?: string;

  constructor(
    /** SQLSTATE, or Node's code for a failure of the network; empty if there is none. */
    readonly sqlState: string,
    ...of: ConstructorParameters<typeof ReportsError>
  ) {
    super(...of);
  }
}

const codeIs =
  (...codes: string[]) =>
  ({ code }: PostgresFailure) =>
    codes.includes(code);
const classIs =
  (...classes: string[]) =>
  ({ code }: PostgresFailure) =>
    isSqlState(code) && classes.includes(code.slice(0, 2));

/**
 * Every kind of failure; the first row that matches counts.
 * Source: the appendix "PostgreSQL Error Codes" of PostgreSQL's documentation.
 */
export const failureRows = [
  {
    name: 'certificate refused, or no TLS',
    error: 'POSTGRES_TLS_FAILED',
    where: ({ code, message }) =>
      isSqlState(code)
        ? code === '28000' && /no encryption|certificate/i.test(message)
        : /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO/.test(code) ||
          /does not support SSL|certificate/i.test(message),
  },
  {
    name: 'deadlock or serialization failure',
    error: 'WAREHOUSE_BUSY',
    where: codeIs('40001', '40P01', '40003'),
    retry: 'now',
  },
  {
    name: 'lock or statement timeout',
    error: 'POSTGRES_BLOCKED',
    where: codeIs('55P03', '57014'),
    retry: 'now',
  },
  { name: 'object in use', error: 'POSTGRES_BLOCKED', where: codeIs('55006'), retry: 'now' },
  {
    name: 'column used by a view',
    error: 'POSTGRES_VIEW_IN_THE_WAY',
    where: (failure) =>
      failure.code === '2BP01' || (failure.code === '0A000' && /used by a|used in a/i.test(failure.message)),
  },
  {
    name: 'read-only server',
    error: 'POSTGRES_READ_ONLY',
    where: ({ code, message }) =>
      code === '25006' || (isSqlState(code) && /recovery is in progress|during recovery/.test(message)),
  },
  {
    name: 'login or rights',
    error: 'POSTGRES_ACCESS_DENIED',
    where: (failure) =>
      classIs('28')(failure) ||
      codeIs('42501', '3D000')(failure) ||
      // The client's words if the server demands a password and there is none.
      (!isSqlState(failure.code) && /password must be a/i.test(failure.message)),
  },
  {
    name: 'pool by statement',
    error: 'POSTGRES_UNSUPPORTED',
    where: ({ message }) => /statement pooling/.test(message),
  },
  { name: 'too many connections', error: 'POSTGRES_UNREACHABLE', where: codeIs('53300'), retry: 'now' },
  { name: 'disk or memory', error: 'POSTGRES_OUT_OF_RESOURCES', where: classIs('53', '58', 'XX') },
  {
    name: 'shutdown, or a transaction ended by a timeout',
    error: 'POSTGRES_UNREACHABLE',
    where: (failure) => classIs('57', '08')(failure) || codeIs('25P03', '25P04')(failure),
    retry: 'now',
  },
  {
    name: 'changed by others meanwhile',
    error: 'WAREHOUSE_BUSY',
    where: codeIs('42P01', '42703', '3F000', '42P07', '42P06', '23505'),
  },
  {
    name: 'value or statement refused',
    error: 'WAREHOUSE_REFUSED',
    where: ({ code }) => isSqlState(code),
  },
  { name: 'no answer', error: 'POSTGRES_UNREACHABLE', where: () => true, retry: 'now' },
] as const satisfies readonly FailureRow[];

/** Converts a failure of the server or the network. Returns errors of the catalogue as they are. */
export function postgresError(error: unknown, path: string): ReportsError {
  if (error instanceof ReportsError) return error;
  const failure = failureOf(error);
  const row: FailureRow | undefined = failureRows.find(({ where }) => where(failure));
  const { error: code, retry } = row ?? { error: 'POSTGRES_UNREACHABLE' as const, retry: undefined };
  const details = { path, found: failure.message, thing: 'the documents' };
  return new PostgresError(failure.code, code, details, { cause: error, retry });
}

/** Node's codes, such as EPIPE, have five characters too, but no digit. */
function isSqlState(code: string): boolean {
  return /^(?=.*\d)[0-9A-Z]{5}$/.test(code);
}

function failureOf(error: unknown): PostgresFailure {
  const { code, errors } = error as { code?: unknown; errors?: unknown[] };
  // Node tries all addresses of a host, and collects what went wrong with each.
  const inner = errors?.[0];
  const text = describeError(inner ?? error).split('\n', 1)[0] ?? '';
  return { code: typeof code === 'string' ? code : '', message: text };
}
