import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { damageFile, flipBit } from '../maintenance/damaged-files.js';
import { type Ran, runInChild } from '../ingest/world.js';
import { commandFolder } from './command-folder.js';

const documents = 5;

describe('verify that is stopped', () => {
  const { path, run, file, query } = commandFolder();

  /** Damages the Parquet files of some documents, which take long to read at the test's pace. */
  async function loadAndDamage(): Promise<void> {
    file(
      'pipelines.yaml',
      'warehouse: { path: warehouse.duckdb }\nlake: lake\nraw: raw\nstate: state\nstatus: false\npipelines: []\n',
    );
    const names = Array.from({ length: documents }, (_, index) => {
      const rows = Array.from(
        { length: 400 },
        (_, row) => `${index}-${row}\t${randomBytes(400).toString('hex')}`,
      );
      return file(`${index}.tsv`, `id\ttext\n${rows.join('\n')}\n`);
    });
    const { code, stderr } = await run('load', ...names, '--type', 'GET_STOPPED');
    assert.equal(code, 0, stderr);
    const files = readdirSync(path('lake'), { recursive: true, encoding: 'utf8' });
    for (const name of files.filter((each) => each.endsWith('.parquet')))
      damageFile(path('lake'), name, { damage: (bytes) => flipBit(bytes, Math.floor(bytes.length / 2)) });
  }

  /** Sends a signal when the first finding is printed. */
  function stopAtFirstFinding(signal: NodeJS.Signals, ...args: string[]): Promise<Ran> {
    const paced = ['verify', '--json', '--max-megabytes-per-second', '1', ...args];
    return runInChild(
      paced,
      { env: process.env, cwd: path() },
      () => {},
      (child) => child.stdout?.once('data', () => child.kill(signal)),
    );
  }

  const tables = () => query('SELECT count(*) AS rows, sum(hash(id, text, _row)) AS content FROM stopped');
  const unfinished = () =>
    readdirSync(path(), { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.(part|part\.json|lock|tmp|wal|rebuild)$/.test(name),
    );

  for (const [signal, args] of [
    ['SIGTERM', ['--repair']],
    ['SIGINT', []],
  ] as [NodeJS.Signals, string[]][]) {
    const what = ['verify', ...args].join(' ');
    it(`by ${signal} in ${what} ends at once with exit code 1, and leaves nothing half written`, async () => {
      await loadAndDamage();
      const before = await tables();
      const { code, stdout, stderr } = await stopAtFirstFinding(signal, ...args);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /Stopped before the end: the rest was not checked\.\n$/);
      assert.ok(stdout.trim().split('\n').length < documents, stdout);
      assert.deepEqual(unfinished(), []);
      assert.deepEqual(await tables(), before);
      // What a stopped repair did is whole, and the next one does the rest.
      const rest = await run('verify', '--json', '--repair');
      assert.equal(rest.code, 0, rest.stdout + rest.stderr);
      assert.equal((await run('verify')).code, 0);
      assert.deepEqual(await tables(), before);
    });
  }
});
