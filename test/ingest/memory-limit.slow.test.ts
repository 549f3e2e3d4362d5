import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { commandFolder } from '../commands/command-folder.js';
import { hostileDocuments } from '../bench/hostile-documents.js';
import { runInChild } from './world.js';

const settings =
  'warehouse: { path: warehouse.duckdb }\nlake: lake\nraw: raw\nstate: state\nstatus: false\npipelines: []\n';

/**
 * Two ways in which too little memory ends a program. Common documents load within these limits,
 * and cells of 15 MB do not.
 */
const limits: Record<string, { env?: NodeJS.ProcessEnv; onStart?: (child: ChildProcess) => void }> = {
  'a JavaScript heap of 40 MB': { env: { NODE_OPTIONS: '--max-old-space-size=40' } },
  'a limit of 300 MB on the whole process, which the system keeps by SIGKILL': {
    onStart: (child) => killAbove(child, 300),
  },
};

describe('a document that does not fit into the memory', function () {
  this.timeout(600_000);
  const folder = commandFolder();
  before(function () {
    // The memory is read from /proc.
    if (process.platform !== 'linux') this.skip();
  });

  for (const [name, { env, onStart = () => {} }] of Object.entries(limits)) {
    it(`is quarantined after it exhausted it twice, and loads with more memory: ${name}`, async () => {
      folder.file('pipelines.yaml', settings);
      const huge = (await hostileDocuments['huge cells']?.()) ?? '';
      const paths = [folder.file('huge.tsv', huge), folder.file('good.tsv', 'sku\tname\n9\tgood\n')];
      const load = () =>
        runInChild(
          ['load', ...paths, '--type', 'GET_SOMETHING_NEW', '--json'],
          { env: { ...process.env, ...env }, cwd: folder.path() },
          () => {},
          onStart,
        );
      for (let time = 0; time < 2; time += 1) {
        const { code, stdout, stderr } = await load();
        assert.equal(code, null, stderr);
        assert.equal(stdout, '');
      }
      const { stdout, stderr } = await load();
      const outcomes = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { status: string; reasonCode: string | null; documentId: string });
      assert.deepEqual(
        outcomes.map(({ status, reasonCode }) => [status, reasonCode]),
        [
          ['quarantined', 'PROCESS_KILLED'],
          ['loaded', null],
        ],
        stderr,
      );
      const explained = await folder.run('loads', outcomes[0]?.documentId ?? '');
      assert.match(explained.stdout, /a memory limit, and raise that limit/);
      const reloaded = await folder.run('reload', outcomes[0]?.documentId ?? '', '--json');
      assert.deepEqual(JSON.parse(reloaded.stdout).outcomes, { loaded: 1 });
    });
  }
});

/** Kills a process once its resident memory is above a limit, as the kernel does in a container. */
function killAbove(child: ChildProcess, megabytes: number): void {
  const timer = setInterval(() => {
    const taken = residentMegabytes(child.pid);
    if (taken > megabytes) child.kill('SIGKILL');
  }, 2);
  child.once('close', () => clearInterval(timer));
}

/** The memory that a process has now; 0 if it has ended. */
function residentMegabytes(pid: number | undefined): number {
  try {
    const [, kilobytes = 0] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) / 1024;
  } catch {
    return 0;
  }
}
