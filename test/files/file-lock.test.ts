import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs, {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeLock } from '../../src/files/file-lock.js';

describe('a file lock', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'file-lock-'));
    path = join(folder, 'document.lock');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /**
   * Leaves a lock of a process that has ended, or of another host; refreshed this many minutes ago.
   */
  function leaveLock(holder: { host?: string; pid: number }, minutesAgo = 0): void {
    writeFileSync(path, JSON.stringify({ host: hostname(), id: 'left', ...holder }));
    const touched = new Date(Date.now() - minutesAgo * 60_000);
    utimesSync(path, touched, touched);
  }

  it('has one holder at a time, and leaves no file behind', async () => {
    const first = await takeLock(path);
    assert.equal(await first?.isHeld(), true);
    assert.equal(await takeLock(path), undefined);
    await first?.release();
    const second = await takeLock(path);
    assert.ok(second);
    await second.release();
    assert.deepEqual(readdirSync(folder), []);
  });

  it('names its holder from the first moment, so that a kill may come at any time', async () => {
    for (let round = 0; round < 20; round += 1) {
      let found: string | undefined;
      const look = () => {
        found = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
        if (found === undefined) setImmediate(look);
      };
      look();
      const lock = await takeLock(path);
      await lock?.release();
      assert.match(found ?? '', /"pid":\d/);
    }
  });

  it('is taken over from a process that has ended', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    leaveLock({ pid });
    assert.ok(await takeLock(path));
  });

  it('is taken over from an earlier process that had the same pid, as in a container', async () => {
    leaveLock({ pid: process.pid });
    assert.ok(await takeLock(path));
  });

  it('is not taken from a running process, nor from one on another machine', async () => {
    leaveLock({ pid: process.ppid });
    assert.equal(await takeLock(path), undefined);
    leaveLock({ host: 'elsewhere', pid: process.pid });
    assert.equal(await takeLock(path), undefined);
  });

  it('is taken over within seconds if a power cut has left it without its bytes', async () => {
    for (const left of ['', '\0'.repeat(90), '{"host":"x","pi']) {
      writeFileSync(path, left);
      // Its holder may be about to write its name.
      assert.equal(await takeLock(path), undefined);
      const touched = new Date(Date.now() - 6000);
      utimesSync(path, touched, touched);
      const lock = await takeLock(path);
      assert.ok(lock, JSON.stringify(left));
      await lock.release();
    }
  });

  it('is not held by a process that stood still before it wrote its name, and lost the lock meanwhile', async () => {
    const { writeFileSync: write } = fs;
    fs.writeFileSync = (...given) => {
      fs.writeFileSync = write;
      syncBuiltinESMExports();
      // Another process: it finds the file without a name, and old.
      rmSync(path);
      leaveLock({ host: 'elsewhere', pid: 1 });
      write(...given);
    };
    syncBuiltinESMExports();
    try {
      assert.equal(await takeLock(path), undefined);
    } finally {
      fs.writeFileSync = write;
      syncBuiltinESMExports();
    }
    assert.match(readFileSync(path, 'utf8'), /elsewhere/);
  });

  it('is not taken over soon if its holder cannot be read', async () => {
    mkdirSync(path);
    const touched = new Date(Date.now() - 60_000);
    utimesSync(path, touched, touched);
    assert.equal(await takeLock(path), undefined);
  });

  it('is taken over from a holder that has not refreshed it for long', async () => {
    for (const host of [hostname(), 'elsewhere']) {
      leaveLock({ host, pid: process.ppid }, 5);
      const lock = await takeLock(path);
      assert.equal(await lock?.isHeld(), true);
      await lock?.release();
    }
  });

  it('is taken over from a crash between its creation and its content, after a long time', async () => {
    writeFileSync(path, '');
    assert.equal(await takeLock(path), undefined);
    const longAgo = new Date(Date.now() - 5 * 60_000);
    utimesSync(path, longAgo, longAgo);
    assert.ok(await takeLock(path));
  });

  it('goes to only one of many processes that find it stale at once', async () => {
    leaveLock({ host: 'elsewhere', pid: 1 }, 5);
    const taken = await Promise.all(Array.from({ length: 20 }, () => takeLock(path)));
    const held = await Promise.all(taken.map((lock) => lock?.isHeld()));
    assert.equal(held.filter(Boolean).length, 1);
    for (const lock of taken) await lock?.release();
    assert.deepEqual(readdirSync(folder), []);
  });

  it('is not released by its old holder after it was taken over', async () => {
    const old = await takeLock(path);
    leaveLock({ host: 'elsewhere', pid: 1 });
    assert.equal(await old?.isHeld(), false);
    await old?.release();
    assert.ok(existsSync(path));
  });
});
