import { openPostgresWarehouse } from '../../../src/warehouse/postgres/warehouse.js';
import { type FakeAnswer, hastyClock, withFakePostgres } from '../../warehouse/fake-postgres.js';
import type { Provocation, Provocations } from '../provoke.js';

/** Errors of a warehouse in PostgreSQL. */
export const postgresProvocations: Provocations = {
  POSTGRES_UNREACHABLE: {
    input: 'a PostgreSQL server that refuses connections',
    provoke: () => checkWritable('postgres://u@127.0.0.1:1/d'),
  },
  POSTGRES_ACCESS_DENIED: serverAnswers('42501', 'permission denied for schema sp_reports'),
  POSTGRES_TLS_FAILED: {
    input: 'a PostgreSQL server without TLS, which the settings demand',
    provoke: () =>
      withFakePostgres(
        () => ({ rows: [] }),
        (url) => checkWritable(`${url}?sslmode=require`),
      ),
  },
  POSTGRES_READ_ONLY: serverAnswers('25006', 'cannot execute INSERT in a read-only transaction'),
  POSTGRES_BLOCKED: serverAnswers('55P03', 'canceling statement due to lock timeout'),
  POSTGRES_VIEW_IN_THE_WAY: serverAnswers('0A000', 'cannot alter type of a column used by a view or rule'),
  POSTGRES_OUT_OF_RESOURCES: serverAnswers('53100', 'could not extend file: No space left on device'),
  POSTGRES_UNSUPPORTED: {
    input: 'a PostgreSQL server of version 13',
    provoke: () => withFakePostgres(() => ({ rows: [['13.4', '130004', 'UTF8']] }), checkWritable),
  },
};

function serverAnswers(sqlState: string, message: string): Provocation {
  const answer: FakeAnswer = { sqlState, message };
  return {
    input: `a PostgreSQL server that answers ${sqlState}`,
    provoke: () => withFakePostgres(() => answer, checkWritable),
  };
}

function checkWritable(url: string): Promise<void> {
  return openPostgresWarehouse({ url, schema: 's', clock: hastyClock() }).checkWritable();
}
