import assert from 'node:assert/strict';
import { commandFolder } from '../commands/command-folder.js';
import { ordersOf } from '../maintenance/load-orders.js';
import { listings, listingsType, ordersType, runInChild } from './world.js';

const settings =
  'warehouse: { path: warehouse.duckdb }\nlake: lake\nraw: raw\nstate: state\nstatus: false\npipelines: []\n';

describe('a file that kills the program', () => {
  const folder = commandFolder();

  async function kill(step: string, ...args: string[]): Promise<void> {
    const env = { ...process.env, SP_REPORTS_CRASH_AT: step };
    const none = () => {};
    const killed = await runInChild(['load', ...args], { env, cwd: folder.path() }, none, none);
    assert.equal(killed.code, null, killed.stderr);
  }

  async function load(...args: string[]): Promise<[status: string, reasonCode: string | null][]> {
    const { stdout } = await folder.run('load', ...args, '--json');
    return stdout
      .trim()
      .split('\n')
      .map((line) => {
        const { status, reasonCode } = JSON.parse(line) as { status: string; reasonCode: string | null };
        return [status, reasonCode];
      });
  }

  for (const step of ['rows-parsed', 'raw-kept']) {
    it(`is quarantined after the second time, and the next file loads (killed at ${step})`, async () => {
      folder.file('pipelines.yaml', settings);
      const paths = [folder.file('deadly.tsv', ordersOf(1)), folder.file('good.tsv', ordersOf(2))];
      const args = [...paths, '--type', ordersType];
      for (let time = 0; time < 2; time += 1) await kill(step, ...args);
      assert.deepEqual(await load(...args), [
        ['quarantined', 'PROCESS_KILLED'],
        ['loaded', null],
      ]);
      const [{ document_id: id = '', reason = '' } = {}] = (await folder.query(
        "SELECT document_id, reason FROM _loads WHERE status = 'quarantined'",
      )) as { document_id: string; reason: string }[];
      assert.match(reason, new RegExp(`^loading document ${id}: the program was killed .* 2 times$`));
      // Whoever raised the limit that killed it can load it.
      assert.equal((await folder.run('load', ...args)).code, 0);
    });
  }

  it('is not opened a fourth time to find its type, and the next file loads', async () => {
    folder.file('pipelines.yaml', settings);
    const names = ['deadly', 'good'].map((name) => `${name} ${listingsType}.tsv`);
    const paths = names.map((name, index) => folder.file(name, listings(index + 3)));
    for (let time = 0; time < 3; time += 1) await kill('type-chosen', ...paths);
    assert.deepEqual(await load(...paths), [
      ['failed', 'PROCESS_KILLED'],
      ['loaded', null],
    ]);
  });

  it('is another one after its bytes changed, and loads', async () => {
    folder.file('pipelines.yaml', settings);
    for (let time = 0; time < 2; time += 1) {
      await kill('rows-parsed', folder.file('deadly.tsv', ordersOf(1)), '--type', ordersType);
    }
    const path = folder.file('deadly.tsv', ordersOf(1, 2));
    assert.deepEqual(await load(path, '--type', ordersType), [['loaded', null]]);
  });
});
