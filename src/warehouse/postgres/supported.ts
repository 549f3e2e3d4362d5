import { ReportsError } from '../../errors/reports-error.js';
import type { PostgresServer } from './connection.js';
import type { Session } from './session.js';

const oldestVersion = 14;

const checked = new WeakSet<PostgresServer>();

/** Errors: POSTGRES_UNSUPPORTED if the server is too old, or the database has another encoding. */
export async function checkSupported(session: Session, server: PostgresServer): Promise<void> {
  if (checked.has(server)) return;
  const { version, encoding, isSupported } = await readVersion(session);
  if (!isSupported) {
    const found = `the server has version ${version}, and the database the encoding ${encoding}`;
    throw new ReportsError('POSTGRES_UNSUPPORTED', { path: server.path, found });
  }
  checked.add(server);
}

export async function readVersion(session: Session) {
  const [row = []] = await session.values(
    "SELECT current_setting('server_version'), current_setting('server_version_num'), current_setting('server_encoding')",
  );
  const [version, number, encoding] = row.map(String);
  return {
    version,
    encoding,
    isSupported: Number(number) >= oldestVersion * 10_000 && encoding === 'UTF8',
  };
}
