import type pg from 'pg';

/** Where to connect, and how, as read from a connection URI. */
export interface Target {
  /** `postgresql:host/database`, without user and password. */
  name: string;
  password: string | undefined;
  config: pg.ClientConfig;
  /** As libpq spells it. */
  sslMode: Mode;
  /** Undefined without TLS. */
  tls:
    | {
        /** Otherwise a server without TLS is accepted. */
        isRequired: boolean;
        verifies: 'nothing' | 'chain' | 'chain and host';
        /** Path of a file, or `system`. */
        rootCert: string | undefined;
        cert: string | undefined;
        key: string | undefined;
      }
    | undefined;
}

const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
type Mode = (typeof modes)[number];

/**
 * Reads a connection URI with the meaning that libpq gives it: without `sslmode`, TLS is used if
 * the server has it; `require` demands it, and verifies the certificate if a root certificate is
 * given; `verify-ca` and `verify-full` always verify it. Without a root certificate, they use the
 * authorities that Node knows. What the URI lacks comes from libpq's variables, such as PGPASSWORD.
 */
export function readTarget(url: string, env: NodeJS.ProcessEnv = process.env): Target {
  const parsed = new URL(url);
  const { searchParams } = parsed;
  const parameter = (name: string) => searchParams.get(name) ?? undefined;
  const host = parameter('host') ?? decoded(parsed.hostname.replace(/^\[|\]$/g, '')) ?? env.PGHOST;
  const user = parameter('user') ?? decoded(parsed.username) ?? env.PGUSER;
  const database = parameter('dbname') ?? decoded(parsed.pathname.slice(1)) ?? env.PGDATABASE ?? user;
  const port = Number(parameter('port') ?? (parsed.port || env.PGPORT || 5432));
  const password = passwordOf(url);
  const mode = (parameter('sslmode') ?? env.PGSSLMODE ?? 'prefer') as Mode;
  const rootCert = parameter('sslrootcert') ?? env.PGSSLROOTCERT;
  const isSocket = host?.startsWith('/') ?? false;
  return {
    name: `postgresql:${host ?? 'localhost'}/${database ?? ''}`,
    password: password ?? env.PGPASSWORD,
    config: { host, port, user, database, password },
    sslMode: mode,
    tls:
      mode === 'disable' || isSocket
        ? undefined
        : {
            isRequired: mode !== 'allow' && mode !== 'prefer',
            verifies: verification(mode, rootCert),
            rootCert,
            cert: parameter('sslcert') ?? env.PGSSLCERT,
            key: parameter('sslkey') ?? env.PGSSLKEY,
          },
  };
}

/** What is wrong with a connection URI; undefined if nothing. Never quotes it. */
export function urlMistake(url: string): string | undefined {
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) {
    return 'expected a connection URI, such as postgres://user@host:5432/database';
  }
  const mode = new URL(url).searchParams.get('sslmode');
  if (mode === null || (modes as readonly string[]).includes(mode)) return undefined;
  return `expected sslmode to be one of ${modes.join(', ')}`;
}

/** The password in a connection URI; undefined without one. */
export function passwordOf(url: unknown): string | undefined {
  if (typeof url !== 'string' || !URL.canParse(url)) return undefined;
  const { password, searchParams } = new URL(url);
  return decoded(password) ?? searchParams.get('password') ?? undefined;
}

function verification(mode: Mode, rootCert: string | undefined): NonNullable<Target['tls']>['verifies'] {
  if (mode === 'verify-full' || rootCert === 'system') return 'chain and host';
  if (mode === 'verify-ca') return 'chain';
  return mode === 'require' && rootCert !== undefined ? 'chain' : 'nothing';
}

/** A part of a URI; undefined if it is empty. A `%` that encodes nothing is kept. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part) || undefined;
  } catch {
    return part;
  }
}
