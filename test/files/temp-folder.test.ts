import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processName } from '../../src/files/process-folders.js';

/** No process has this number: it is above the largest pid of Linux. */
const deadPid = 4_194_305;

const source = fileURLToPath(new URL('../../src/files/temp-folder.ts', import.meta.url));

describe('a folder in the temp folder of the system', () => {
  let temp: string;
  beforeEach(() => {
    temp = mkdtempSync(join(tmpdir(), 'temp-folder-'));
  });
  afterEach(() => rmSync(temp, { recursive: true }));

  /** Runs code in a process with a temp folder of its own, with the path of its folder. */
  function useFolder(code: string): string {
    const script = `const { withTempFolder } = await import(${JSON.stringify(source)});
      const { writeFileSync } = await import('node:fs');
      await withTempFolder(async (folder) => {
        writeFileSync(folder + '/rows.parquet', 'rows');
        ${code}
      }).catch((error) => console.log(error.message));`;
    const env = { ...process.env, TMPDIR: temp, TEMP: temp, TMP: temp };
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    return spawnSync(process.execPath, args, { env, encoding: 'utf8' }).stdout.trim();
  }
  /** Without what tsx keeps there. */
  const left = () =>
    readdirSync(temp)
      .filter((name) => !name.startsWith('tsx-'))
      .sort();

  it('is removed after the work, whether it succeeds or fails', () => {
    assert.match(useFolder('console.log(folder)'), /sp-reports-work\./);
    assert.deepEqual(left(), []);
    assert.equal(useFolder("throw new Error('no rows')"), 'no rows');
    assert.deepEqual(left(), []);
  });

  it('is removed by the next process if its own was killed', () => {
    useFolder("process.kill(process.pid, 'SIGKILL')");
    assert.equal(left().length, 1);
    useFolder('');
    assert.deepEqual(left(), []);
  });

  it('stays while its process may live, here or on another host, and so do folders of others', () => {
    const make = (name: string) => {
      mkdirSync(join(temp, name));
      writeFileSync(join(temp, name, 'rows'), 'rows');
      return name;
    };
    const running = make(`sp-reports-work.${processName()}.aaaaaa`);
    const elsewhere = make(`sp-reports-work.${processName(deadPid, 'other-host')}.aaaaaa`);
    const others = make(`sp-reports.${processName(deadPid)}.aaaaaa`);
    make(`sp-reports-work.${processName(deadPid)}.aaaaaa`);
    useFolder('');
    assert.deepEqual(left(), [elsewhere, others, running].sort());
    const dayAgo = new Date(Date.now() - 25 * 3_600_000);
    for (const name of left()) utimesSync(join(temp, name), dayAgo, dayAgo);
    useFolder('');
    assert.deepEqual(left(), [others, running].sort());
  });
});
