import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openScratch } from '../../src/store/scratch.js';

describe('the scratch folder of a process', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sp-reports-scratch-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('belongs to it alone, and is removed when it is closed', async () => {
    const [one, other] = [await openScratch(folder), await openScratch(folder)];
    writeFileSync(join(one.folder, 'copy'), 'x');
    assert.notEqual(one.folder, other.folder);
    await one.close();
    assert.deepEqual([existsSync(one.folder), existsSync(other.folder)], [false, true]);
    await other.close();
    assert.deepEqual(readdirSync(folder), []);
  });

  it('is removed by the next process if its own was killed, and stays if that runs', async () => {
    const running = await openScratch(folder);
    const killed = join(folder, 'killed');
    mkdirSync(killed);
    writeFileSync(join(killed, 'copy'), 'x');
    // No process has a number this high.
    writeFileSync(`${killed}.lock`, JSON.stringify({ host: hostname(), pid: 2 ** 30, id: 'killed' }));
    const next = await openScratch(folder);
    assert.deepEqual([existsSync(killed), existsSync(running.folder)], [false, true]);
    await Promise.all([running.close(), next.close()]);
    assert.deepEqual(readdirSync(folder), []);
  });
});
