import assert from 'node:assert/strict';
import { isNotTheDocumentsFault, ReportsError } from '../../src/errors/reports-error.js';
import { failureRows, postgresError } from '../../src/warehouse/postgres/errors.js';
import { openPostgresWarehouse } from '../../src/warehouse/postgres/warehouse.js';
import { PostgresServer } from '../../src/warehouse/postgres/connection.js';
import { inspectReader } from '../../src/warehouse/postgres/standby.js';
import { commandFolder } from '../commands/command-folder.js';
import { type FakeAnswer, hastyClock, withFakePostgres } from './fake-postgres.js';

describe('a failure of PostgreSQL', () => {
  /** By the name of its row: code and message of failures, and what they become. */
  const cases: Record<
    (typeof failureRows)[number]['name'],
    [string, string, string, 'now' | 'later' | 'never'][]
  > = {
    'certificate refused, or no TLS': [
      ['', 'The server does not support SSL connections', 'POSTGRES_TLS_FAILED', 'later'],
      ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate', 'POSTGRES_TLS_FAILED', 'later'],
      [
        '28000',
        'no pg_hba.conf entry for host "::1", user "u", database "d", no encryption',
        'POSTGRES_TLS_FAILED',
        'later',
      ],
    ],
    'deadlock or serialization failure': [['40P01', 'deadlock detected', 'WAREHOUSE_BUSY', 'now']],
    'lock or statement timeout': [
      ['55P03', 'canceling statement due to lock timeout', 'POSTGRES_BLOCKED', 'now'],
    ],
    'object in use': [['55006', 'cannot ALTER TABLE because it is being used', 'POSTGRES_BLOCKED', 'now']],
    'column used by a view': [
      ['0A000', 'cannot alter type of a column used by a view or rule', 'POSTGRES_VIEW_IN_THE_WAY', 'later'],
      ['2BP01', 'cannot drop view a because other objects depend on it', 'POSTGRES_VIEW_IN_THE_WAY', 'later'],
    ],
    'read-only server': [
      ['25006', 'cannot execute INSERT in a read-only transaction', 'POSTGRES_READ_ONLY', 'later'],
      ['0A000', 'cannot set transaction read-write mode during recovery', 'POSTGRES_READ_ONLY', 'later'],
    ],
    'login or rights': [
      ['28P01', 'password authentication failed for user "u"', 'POSTGRES_ACCESS_DENIED', 'later'],
      ['42501', 'permission denied for schema s', 'POSTGRES_ACCESS_DENIED', 'later'],
      ['3D000', 'database "d" does not exist', 'POSTGRES_ACCESS_DENIED', 'later'],
    ],
    'pool by statement': [
      ['08P01', 'transaction blocks not allowed in statement pooling mode', 'POSTGRES_UNSUPPORTED', 'later'],
    ],
    'too many connections': [['53300', 'sorry, too many clients already', 'POSTGRES_UNREACHABLE', 'now']],
    'disk or memory': [
      ['53100', 'could not extend file: No space left on device', 'POSTGRES_OUT_OF_RESOURCES', 'later'],
      ['XX001', 'invalid page in block 1', 'POSTGRES_OUT_OF_RESOURCES', 'later'],
    ],
    'shutdown, or a transaction ended by a timeout': [
      ['57P01', 'terminating connection due to administrator command', 'POSTGRES_UNREACHABLE', 'now'],
      ['57P03', 'the database system is starting up', 'POSTGRES_UNREACHABLE', 'now'],
      ['25P03', 'terminating connection due to idle-in-transaction timeout', 'POSTGRES_UNREACHABLE', 'now'],
    ],
    'changed by others meanwhile': [['42P01', 'relation "things" does not exist', 'WAREHOUSE_BUSY', 'later']],
    'value or statement refused': [
      ['22P02', 'invalid input syntax for type bigint: "certificate"', 'WAREHOUSE_REFUSED', 'never'],
      ['54011', 'tables can have at most 1600 columns', 'WAREHOUSE_REFUSED', 'never'],
    ],
    'no answer': [
      ['ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1', 'POSTGRES_UNREACHABLE', 'now'],
      ['', 'Connection terminated unexpectedly', 'POSTGRES_UNREACHABLE', 'now'],
      ['EPIPE', 'write EPIPE', 'POSTGRES_UNREACHABLE', 'now'],
    ],
  };

  for (const { name } of failureRows) {
    it(`is an error of the catalogue that says whether to try again: ${name}`, () => {
      assert.ok(cases[name].length > 0);
      for (const [code, message, expected, retry] of cases[name]) {
        const error = postgresError(Object.assign(new Error(message), { code }), 'postgresql:h/d.s');
        assert.deepEqual([error.code, error.retry], [expected, retry], message);
        assert.ok(error.message.includes(message), error.message);
        // Only what PostgreSQL refuses may quarantine a document.
        assert.equal(isNotTheDocumentsFault(error), expected !== 'WAREHOUSE_REFUSED', error.code);
      }
    });
  }

  it('is not changed if it is an error of the catalogue already', () => {
    const known = new ReportsError('DISK_FULL', { path: 'p', found: 'f' });
    assert.equal(postgresError(known, 'p'), known);
  });
});

describe('a connection to PostgreSQL', () => {
  it('keeps no settings of its own, as a pooler may give each transaction to another one', async () => {
    const statements: string[] = [];
    const answer = (sql: string) => {
      statements.push(...sql.split(';\n'));
      return { rows: [] };
    };
    await withFakePostgres(answer, async (url) => {
      const warehouse = openPostgresWarehouse({ url, schema: 's', clock: hastyClock() });
      await warehouse.loads({});
      await warehouse.checkWritable().catch(() => {});
      await warehouse.inspect().catch(() => {});
      await warehouse.query('SELECT 1').catch(() => {});
    });
    let isOpen = false;
    for (const sql of statements) {
      if (sql.startsWith('BEGIN')) isOpen = true;
      else if (/^(COMMIT|ROLLBACK)$/.test(sql)) isOpen = false;
      else {
        assert.ok(isOpen, `outside of a transaction: ${sql}`);
        assert.doesNotMatch(sql, /^SET (?!LOCAL )/);
      }
    }
    assert.ok(statements.filter((sql) => sql.startsWith('BEGIN')).length >= 3);
  });
});

describe('a standby of PostgreSQL that is far behind', () => {
  const { file, run } = commandFolder();
  const answers =
    (lag: string[]) =>
    (sql: string): FakeAnswer => {
      if (/pg_is_in_recovery/.test(sql)) return { rows: [lag] };
      if (/FROM pg_class AS c\n/.test(sql)) {
        return {
          rows: [
            ['_loads', 'r', 'key', 'text', ''],
            ['_rejects', 'r', 'raw', 'text', ''],
          ],
        };
      }
      if (/^SELECT FORMAT_TYPE/.test(sql)) return { rows: [['text']] };
      return { rows: [['1']] };
    };

  it('is reported with each query, and by doctor with what to look at', async () => {
    await withFakePostgres(answers(['t', '4000']), async (readUrl) => {
      file('.env', `STANDBY_URL=${readUrl}\n`);
      file(
        'pipelines.yaml',
        'warehouse: { type: postgres, url: "postgres://h/d", readUrl: "${STANDBY_URL}" }\n',
      );
      const { code, stdout, stderr } = await run('query', '--format', 'csv', 'SELECT 1');
      assert.equal(code, 0, stderr);
      assert.match(stdout, /1/);
      assert.match(stderr, /warning: the answer may be old: the standby is up to 4000 s behind/);
      const { found, next } = await inspectReader(new PostgresServer({ url: readUrl, schema: 's' }));
      assert.match(found, /the standby .* is at most 4000 s behind/);
      assert.match(next ?? '', /pg_stat_wal_receiver/);
    });
    await withFakePostgres(answers(['t']), async (readUrl) => {
      const { found, next } = await inspectReader(new PostgresServer({ url: readUrl, schema: 's' }));
      assert.match(found, /is an unknown time behind/);
      assert.notEqual(next, undefined);
    });
    await withFakePostgres(answers(['f', '0']), async (readUrl) => {
      const { found, next } = await inspectReader(new PostgresServer({ url: readUrl, schema: 's' }));
      assert.match(found, /is no standby/);
      assert.equal(next, undefined);
    });
  });
});
