import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openBucketStore } from '../../src/store/bucket-store.js';
import { readBucketUrl } from '../../src/store/bucket-url.js';
import { openFolderStore } from '../../src/store/folder-store.js';
import type { Store } from '../../src/store/types.js';
import { writeWholeFile } from '../../src/files/whole-file.js';
import { gsEndpoint, makeGsBucket, type BucketEmulator, startS3 } from './emulators.js';

describeStore('a folder', async (folder) => ({ open: () => openFolderStore(join(folder, 'lake')) }));

describeStore('a bucket of S3', async (folder) => inBucket(await startS3(), folder));

if (gsEndpoint) {
  describeStore('a bucket of Google Cloud Storage', async (folder) =>
    inBucket(await makeGsBucket(gsEndpoint ?? ''), folder),
  );
} else {
  it(
    'the store in a bucket of Google Cloud Storage: pending, as STORAGE_EMULATOR is not set; see scripts/storage-emulator',
  );
}

interface Opened {
  /** Opens it as another machine would, without a shared disk. */
  open(): Store;
  emulator?: BucketEmulator;
}

function inBucket(emulator: BucketEmulator, folder: string): Opened {
  let machines = 0;
  const url = readBucketUrl(`${emulator.url}/kept/lake`);
  assert.ok(url);
  const open = () => {
    machines += 1;
    const work = join(folder, `machine-${machines}`);
    return openBucketStore({ bucket: emulator.bucket, url, folder: work, unfinished: `${work}-unfinished` });
  };
  return { open, emulator };
}

/** The promises of every store. */
function describeStore(name: string, openAll: (folder: string) => Promise<Opened>): void {
  describe(`the store in ${name}`, () => {
    let folder: string;
    let opened: Opened;
    let store: Store;
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sp-reports-store-'));
      opened = await openAll(folder);
      store = opened.open();
    });
    afterEach(async () => {
      await opened.emulator?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const pathOf = (of: string, in_ = store) => join(in_.folder, of);
    async function keep(name: string, bytes: string | Buffer, options?: Parameters<Store['keep']>[1]) {
      const path = pathOf(name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
      await store.keep(path, options);
      await store.evictLocalCopy(path);
    }

    /** What another machine finds under a name. */
    async function found(name: string): Promise<Buffer | undefined> {
      const other = opened.open();
      const path = pathOf(name, other);
      return (await other.fetch(path)) ? readFileSync(path) : undefined;
    }

    const odd = 'things/seller=A1/odd %2E name + (ü) #1.parquet';

    it('returns the bytes that were stored, whatever the name, and knows their size and age', async () => {
      await keep(odd, 'some bytes');
      assert.equal((await found(odd))?.toString(), 'some bytes');
      assert.equal(await store.read(pathOf(odd)), 'some bytes');
      const { bytes, writtenMs = 0 } = (await store.find(pathOf(odd))) ?? {};
      assert.equal(bytes, 10);
      assert.ok(Math.abs(Date.now() - writtenMs) < 600_000, String(writtenMs));
    });

    it('stores empty files, and large ones in several parts', async () => {
      const large = randomBytes(20 * 1024 ** 2);
      await keep('empty', '');
      await keep('large', large);
      assert.equal((await found('empty'))?.length, 0);
      assert.ok(large.equals((await found('large')) ?? Buffer.alloc(0)));
    });

    it('has the newer of two files with one name', async () => {
      await keep('a', 'first');
      await keep('a', 'second');
      assert.equal((await found('a'))?.toString(), 'second');
    });

    it('lists the files below a folder in order, and reports a missing file as missing', async () => {
      for (const name of ['b/2', 'a/1', 'b/1', 'bb/1']) await keep(name, name);
      assert.deepEqual(
        (await store.list('b')).map((path) => path.slice(store.folder.length)),
        ['/b/1', '/b/2'],
      );
      for (const name of ['a/1', 'bb/1']) assert.ok((await store.list()).includes(pathOf(name)), name);
      assert.deepEqual(await store.list('none'), []);
      assert.equal(await store.find(pathOf('none')), undefined);
      assert.equal(await store.read(pathOf('none')), undefined);
      assert.equal(await store.fetch(pathOf('none')), undefined);
      assert.equal(existsSync(pathOf('none')), false);
    });

    it('lists in pages what a sorted list has, each file once', async () => {
      const names = Array.from({ length: 40 }, (_, index) => `p${index % 3}/q${index % 7}/${index}`);
      for (const name of names) await keep(name, '');
      const paged: string[] = [];
      for await (const page of store.pages()) paged.push(...page);
      assert.deepEqual(paged.sort(), names.map((name) => pathOf(name)).sort());
      assert.deepEqual(await store.list(), paged);
    });

    it('removes a file for good, and accepts one that is already gone', async () => {
      await keep('a', 'x');
      for (let times = 0; times < 2; times += 1) await store.remove(pathOf('a'));
      assert.equal(await found('a'), undefined);
    });

    it('shows names by which a user finds the files', () => {
      assert.ok(store.nameOf(pathOf('a/b')).startsWith(store.location), store.nameOf(pathOf('a/b')));
      assert.ok(store.nameOf(pathOf('a/b')).endsWith('/a/b'));
    });

    it('passes the check that it can be written, which leaves nothing behind', async () => {
      await store.checkWritable();
      assert.deepEqual(await store.list(), []);
    });

    it('gives the other readers of a file only one that still exists after a release', async () => {
      const path = pathOf('record.json');
      await writeWholeFile(path, '{}');
      await store.keep(path);
      await store.evictLocalCopy(path);
      assert.equal((await found('record.json'))?.toString(), '{}');
    });
  });
}

describe('a store in a bucket', () => {
  let folder: string;
  let emulator: BucketEmulator;
  let store: Store;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sp-reports-store-'));
    emulator = await startS3();
    store = inBucket(emulator, folder).open();
    mkdirSync(store.folder, { recursive: true });
  });
  afterEach(async () => {
    await emulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('leaves no copy on this machine of a released file, and downloads it for its owner alone', async () => {
    const path = join(store.folder, 'a');
    writeFileSync(path, 'x');
    await store.keep(path);
    await store.evictLocalCopy(path);
    assert.equal(existsSync(path), false);
    await store.fetch(path);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('has no files with names that lead elsewhere', async () => {
    const file = join(folder, 'x');
    writeFileSync(file, 'x');
    for (const name of ['kept/lake/../../out', 'kept/lake/a//b', 'kept/lake/_loads/', 'kept/lake/in']) {
      await emulator.bucket.put(name, file);
    }
    assert.deepEqual(await store.list(), [join(store.folder, 'in')]);
  });

  it('has nothing under a name whose upload was aborted', async () => {
    const path = join(store.folder, 'large');
    writeFileSync(path, randomBytes(30 * 1024 ** 2));
    const stop = new AbortController();
    const reason = new Error('stopped');
    // The server is real, and has not received all parts by then.
    setTimeout(() => stop.abort(reason), 20);
    await assert.rejects(store.keep(path, { signal: stop.signal }), reason);
    assert.equal(await store.find(path), undefined);
  });

  it('reports a missing bucket by name', async () => {
    const { openS3Bucket } = await import('../../src/store/s3-bucket.js');
    const missing = openS3Bucket({ bucket: 'none', endpoint: emulator.endpoint });
    await assert.rejects(missing.list(''), { code: 'BUCKET_NOT_FOUND', message: /s3:\/\/none/ });
    await assert.rejects(missing.read('a'), { code: 'BUCKET_NOT_FOUND' });
  });

  it('reports that it cannot be reached, after some tries', async () => {
    const { openS3Bucket } = await import('../../src/store/s3-bucket.js');
    const away = openS3Bucket({ bucket: 'none', endpoint: 'http://127.0.0.1:9' });
    await assert.rejects(away.read('a'), { code: 'BUCKET_UNREACHABLE', message: /ECONNREFUSED/ });
  });
});
