import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeOldPartials, removeOldPartialsOf } from '../../src/files/old-partials.js';
import {
  makeFolder,
  nameWholeFile,
  openPartial,
  partialName,
  writeUnsyncedFile,
  writeWholeFile,
} from '../../src/files/whole-file.js';
import { until } from '../runtime/until.js';

describe('whole files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'whole-file-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const [kind, write] of Object.entries({ synced: writeWholeFile, 'not synced': writeUnsyncedFile })) {
    it(`have the text of one of their writers, however many write at once, ${kind}`, async () => {
      const path = join(folder, 'new', 'a.json');
      const texts = Array.from({ length: 20 }, (_, n) => String(n).repeat(1000));
      await Promise.all(texts.map((text) => write(path, text)));
      assert.ok(texts.includes(readFileSync(path, 'utf8')));
      assert.deepEqual(readdirSync(join(folder, 'new')), ['a.json']);
      assert.equal(statSync(path).mode & 0o777, 0o600);
    });
  }

  it('never publish the bytes of another writer who began later', async () => {
    const path = join(folder, 'a.json');
    const [first, second] = [partialName(path), partialName(path)];
    const file = await openPartial(first);
    await file.writeFile('first');
    const other = await openPartial(second);
    await nameWholeFile(file, first, path);
    assert.equal(readFileSync(path, 'utf8'), 'first');
    await Promise.all([file.close(), other.close()]);
  });

  it('are written even if the system cannot sync a folder', async () => {
    const probe = await open(join(folder, 'probe'), 'w');
    const handle = Object.getPrototypeOf(probe) as { sync: () => Promise<void> };
    const { sync } = handle;
    handle.sync = async function (this: typeof probe) {
      if ((await this.stat()).isDirectory()) throw Object.assign(new Error('fsync'), { code: 'EPERM' });
      return sync.call(this);
    };
    try {
      await writeWholeFile(join(folder, 'new', 'deep', 'a.json'), 'text');
    } finally {
      handle.sync = sync;
      await probe.close();
    }
    assert.equal(readFileSync(join(folder, 'new', 'deep', 'a.json'), 'utf8'), 'text');
  });

  it('share the syncs of their folder if published at once, and each is on disk when its writer returns', async () => {
    // Later, the folder is synced for its files only.
    await makeFolder(folder);
    const probe = await open(join(folder, 'probe'), 'w');
    const handle = Object.getPrototypeOf(probe) as { sync: () => Promise<void> };
    const { sync } = handle;
    let syncs = 0;
    let lastSeen: string[] = [];
    const names = Array.from({ length: 30 }, (_, n) => `${n}.json`);
    handle.sync = async function (this: typeof probe) {
      if (!(await this.stat()).isDirectory()) return;
      const seen = readdirSync(folder);
      // As long as a disk may take: the other writers publish meanwhile.
      await until(async () => names.every((name) => existsSync(join(folder, name))));
      syncs += 1;
      lastSeen = seen;
    };
    try {
      await Promise.all(
        names.map(async (name) => {
          await writeWholeFile(join(folder, name), name);
          assert.ok(lastSeen.includes(name), `${name} was not there when its folder was synced`);
        }),
      );
    } finally {
      handle.sync = sync;
      await probe.close();
    }
    assert.equal(syncs, 2);
  });

  it('survive a power cut with their new folders: each is synced into its parent', async () => {
    await makeFolder(folder);
    const probe = await open(join(folder, 'probe'), 'w');
    const handle = Object.getPrototypeOf(probe) as { sync: () => Promise<void> };
    const { sync } = handle;
    const synced: number[] = [];
    handle.sync = async function (this: typeof probe) {
      synced.push((await this.stat()).ino);
      return sync.call(this);
    };
    try {
      await makeFolder(join(folder, 'a', 'b', 'c'));
    } finally {
      handle.sync = sync;
    }
    const inodes: number[] = [];
    for (const path of [join(folder, 'a', 'b'), join(folder, 'a'), folder]) {
      const opened = await open(path, 'r');
      inodes.push((await opened.stat()).ino);
      await opened.close();
    }
    await probe.close();
    assert.deepEqual(synced, inodes);
  });

  it('leave temporary files of crashed writers for a day at most', async () => {
    const nowMs = Date.now();
    await mkdir(join(folder, 'deep', 'old.part'), { recursive: true });
    const names = [
      'a.parquet',
      'a.parquet.1-0a0b0c0d.part',
      'b.part',
      'b.part.json',
      'b.lock',
      'b.json',
      'new.part',
    ];
    for (const name of names) {
      const path = join(folder, 'deep', name);
      writeFileSync(path, '');
      const hoursAgo = name === 'new.part' ? 23 : 25;
      const touched = new Date(nowMs - hoursAgo * 3_600_000);
      utimesSync(path, touched, touched);
    }
    await removeOldPartials([join(folder, 'none'), folder], nowMs);
    assert.deepEqual(readdirSync(join(folder, 'deep')).sort(), [
      'a.parquet',
      'b.json',
      'new.part',
      'old.part',
    ]);
  });

  it('leave no temporary file in a shared folder, and never touch those of others', async () => {
    const longAgo = new Date(Date.now() - 25 * 3_600_000);
    const names = ['yarn.lock', 'film.part', 'w.duckdb', 'w.duckdb.1-0a.part', 'w.duckdb.rebuild.lock'];
    for (const name of names) {
      writeFileSync(join(folder, name), '');
      utimesSync(join(folder, name), longAgo, longAgo);
    }
    await removeOldPartialsOf(join(folder, 'w.duckdb'));
    assert.deepEqual(readdirSync(folder).sort(), ['film.part', 'w.duckdb', 'yarn.lock']);
  });
});
