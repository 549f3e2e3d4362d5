import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkConfig } from '../../src/config/read.js';
import { passwordOf, readTarget, urlMistake } from '../../src/config/postgres-url.js';
import { withoutSecrets } from '../../src/config/secrets.js';
import { openPostgresWarehouse } from '../../src/warehouse/postgres/warehouse.js';
import { hastyClock, withFakePostgres } from '../warehouse/fake-postgres.js';

describe('a connection URI of PostgreSQL', () => {
  it('is read as libpq reads it, and named without user and password', () => {
    const { name, password, config } = readTarget('postgres://me:s%3Ac%40ret@db.example:6000/reports', {});
    assert.deepEqual([name, password], ['postgresql:db.example/reports', 's:c@ret']);
    assert.deepEqual(config, {
      host: 'db.example',
      port: 6000,
      user: 'me',
      database: 'reports',
      password: 's:c@ret',
    });
    const socket = readTarget('postgresql:///reports?host=/var/run/postgresql', {
      PGUSER: 'me',
      PGPORT: '1',
    });
    assert.deepEqual(
      [socket.config.host, socket.config.user, socket.config.port, socket.tls],
      ['/var/run/postgresql', 'me', 1, undefined],
    );
  });

  it('demands and verifies as much of TLS as its sslmode says', () => {
    const of = (parameters: string, env = {}) => {
      const { tls } = readTarget(`postgres://u@h/d${parameters}`, env);
      return tls && [tls.isRequired, tls.verifies];
    };
    assert.equal(of('?sslmode=disable'), undefined);
    assert.deepEqual(of(''), [false, 'nothing']);
    assert.deepEqual(of('?sslmode=prefer'), [false, 'nothing']);
    assert.deepEqual(of('?sslmode=require'), [true, 'nothing']);
    assert.deepEqual(of('?sslmode=require&sslrootcert=ca.pem'), [true, 'chain']);
    assert.deepEqual(of('?sslmode=verify-ca'), [true, 'chain']);
    assert.deepEqual(of('', { PGSSLMODE: 'verify-full' }), [true, 'chain and host']);
  });

  it('is refused with the mistake and without its text, and with a password only from the environment', () => {
    for (const url of ['db.example/reports', 'https://db.example', 'postgres://u:p@h:x/d']) {
      assert.match(urlMistake(url) ?? '', /^expected a connection URI/, url);
    }
    assert.match(urlMistake('postgres://h/d?sslmode=full') ?? '', /sslmode/);
    assert.equal(urlMistake('postgres://h/d'), undefined);
    const folder = mkdtempSync(join(tmpdir(), 'postgres-url-'));
    try {
      const problems = (url: string) => {
        writeFileSync(join(folder, 'pipelines.yaml'), `warehouse: { type: postgres, url: "${url}" }\n`);
        const env = { DATABASE_URL: 'postgres://u:sesame-open@h/d', PGSECRET: 'sesame-open' };
        return checkConfig({ cwd: folder, env }).problems.map(({ message }) => message);
      };
      assert.match(
        problems('postgres://u:sesame-open@h/d').join(),
        /^the password comes from the environment/,
      );
      const ofReader = (warehouse: string) => {
        writeFileSync(join(folder, 'pipelines.yaml'), `warehouse: { ${warehouse} }\n`);
        return checkConfig({ cwd: folder, env: {} }).problems.map(({ message }) => message);
      };
      const written = 'type: postgres, url: "postgres://u@h/d", readUrl: "postgres://u:sesame-open@h/d"';
      assert.match(ofReader(written).join(), /^the password comes from the environment/);
      const mistaken = 'type: postgres, url: "postgres://h/d", readUrl: "h"';
      assert.match(ofReader(mistaken).join(), /expected a connection URI/);
      assert.match(ofReader('readUrl: "postgres://h/d"').join(), /is only for type postgres/);
      for (const url of ['${DATABASE_URL}', 'postgres://u:${PGSECRET}@h/d', 'postgres://u@h/d']) {
        assert.deepEqual(problems(url), [], url);
      }
      assert.deepEqual(
        withoutSecrets({
          warehouse: { url: 'postgres://u:p@h/d', readUrl: 'postgres://u:p@i/d', schema: 's' },
        }),
        {
          warehouse: { schema: 's' },
        },
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('gives its password to no error, even if the server repeats it', async () => {
    const secret = 'sesame-open-9';
    const echo = { sqlState: '28P01', message: `password "${secret}" of user u is wrong` };
    await withFakePostgres(
      () => echo,
      async (url) => {
        const of = new URL(url);
        of.password = secret;
        assert.equal(passwordOf(of.href), secret);
        const warehouse = openPostgresWarehouse({ url: of.href, schema: 's', clock: hastyClock() });
        await assert.rejects(warehouse.loads({}), (error: Error & { code: string }) => {
          assert.equal(error.code, 'POSTGRES_ACCESS_DENIED');
          assert.ok(!JSON.stringify([error.message, error.stack, error]).includes(secret), error.message);
          return true;
        });
      },
    );
  });
});
