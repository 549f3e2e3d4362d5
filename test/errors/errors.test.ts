import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue, type ErrorCode, ReportsError } from '../../src/errors/reports-error.js';
import { type Proxies, startProxies } from '../faults/proxy.js';
import { makeWorld } from '../pipeline/world.js';
import { badInputPage } from './bad-input.js';

const root = new URL('../../', import.meta.url).pathname;

describe('the catalogue of errors', function () {
  this.timeout(120_000);

  it('has each of its codes in docs/errors.md and in a test, and no other is there', () => {
    const page = readFileSync(join(root, 'docs', 'errors.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (terminal|retryable) \| (.+) \| (.+) \|$/gm)];
    assert.deepEqual(
      rows.map(([, code, kind]) => [code, kind]),
      Object.entries(catalogue).map(([code, { kind }]) => [code, kind]),
    );
    for (const [, code, , , remedy] of rows) assert.ok((remedy ?? '').length > 10, code);
    const tests = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(root, 'test', name), 'utf8'));
    const badInputs = readFileSync(join(root, 'docs', 'bad-input.md'), 'utf8');
    for (const code of Object.keys(catalogue)) {
      const isTried = [...tests, badInputs].some((each) => new RegExp(`\\b${code}\\b`).test(each));
      assert.ok(isTried, `no test provokes ${code}`);
    }
  });

  it('says of each error whether to retry it: by its kind, unless whoever threw it knows better', () => {
    for (const [code, { kind }] of Object.entries(catalogue)) {
      const error = new ReportsError(code as ErrorCode);
      assert.equal(error.retry, kind === 'retryable' ? 'later' : 'never');
      const cause = new Error('cause');
      const soon = new ReportsError(code as ErrorCode, {}, { retry: 'now', cause });
      assert.deepEqual([soon.retry, soon.kind, soon.cause], ['now', kind, cause]);
    }
  });

  it('has each code in one area, as of two the later would hide the other', () => {
    const folder = join(root, 'src', 'errors');
    const codes = readdirSync(folder).flatMap((name) =>
      [...readFileSync(join(folder, name), 'utf8').matchAll(/^ {2}([A-Z_]+): \{$/gm)].map(([, code]) => code),
    );
    assert.deepEqual(codes.sort(), Object.keys(catalogue).sort());
  });

  it('answers bad input as docs/bad-input.md says (npm run docs writes it)', async () => {
    assert.equal(readFileSync(join(root, 'docs', 'bad-input.md'), 'utf8'), await badInputPage());
  });

  it('tells what is wrong with a command', async () => {
    let proxies: Proxies | undefined;
    const world = await makeWorld({
      through: async (sandbox) => {
        proxies = await startProxies(sandbox);
        return proxies;
      },
    });
    try {
      const denied = '{"__type":"com.amazonaws.sqs#AccessDenied","message":"no"}';
      for (const [code, ...args] of [
        ['USAGE', 'run', 'absent'],
        ['CONFIG_NOT_FOUND', '--config', 'absent.yaml', 'run'],
        ['SCHEMA_UNKNOWN', 'schemas', 'show', 'GET_ABSENT'],
        ['NOT_LOADED', 'reload', 'absent'],
        ['QUEUE_ACCESS_DENIED', 'run'],
      ] as [string, ...string[]][]) {
        proxies?.faults.push({
          service: 'queue',
          wrong: { what: 'answer', status: 403, body: denied, type: 'application/x-amz-json-1.0' },
          times: code === 'QUEUE_ACCESS_DENIED' ? 1 : 0,
        });
        const { stderr } = await world.run(...args);
        assert.match(stderr, new RegExp(`\\b${code}\\b`), `${args}: ${stderr}`);
      }
    } finally {
      await world.close();
      await proxies?.close();
    }
  });
});
