import assert from 'node:assert/strict';
import { commandFolder } from '../commands/command-folder.js';
import { ordersOf } from '../maintenance/load-orders.js';
import { ordersType, runInChild } from './world.js';

describe('a file that kills the program', () => {
  const folder = commandFolder();

  it('is quarantined after the second time, and the next file loads', async () => {
    const { run, file } = folder;
    file(
      'pipelines.yaml',
      'warehouse: { path: warehouse.duckdb }\nlake: lake\nraw: raw\nstate: state\nstatus: false\npipelines: []\n',
    );
    const paths = [file('deadly.tsv', ordersOf(1)), file('good.tsv', ordersOf(2))];
    const load = ['load', ...paths, '--type', ordersType];
    for (let time = 0; time < 2; time += 1) {
      const env = { ...process.env, SP_REPORTS_CRASH_AT: 'rows-parsed' };
      const killed = await runInChild(
        load,
        { env, cwd: folder.path() },
        () => {},
        () => {},
      );
      assert.equal(killed.code, null, killed.stderr);
    }
    const { stdout } = await run(...load, '--json');
    const outcomes = stdout
      .trim()
      .split('\n')
      .map((line) => {
        const { status, reasonCode } = JSON.parse(line) as { status: string; reasonCode: string | null };
        return [status, reasonCode];
      });
    assert.deepEqual(outcomes, [
      ['quarantined', 'PROCESS_KILLED'],
      ['loaded', null],
    ]);
    // Whoever raised the limit that killed it can load it.
    assert.equal((await run(...load)).code, 0);
  });
});
