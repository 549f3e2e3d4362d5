import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import fc from 'fast-check';
import { readCheckedJson } from '../../src/files/checked-json.js';
import { findRaw, keepFile, listRaw, rawPath, withBytes } from '../../src/source/document/raw-store.js';
import type { RawDocument } from '../../src/source/types.js';
import { openFolderStore } from '../../src/store/folder-store.js';

const metadata = {
  sellerId: 'A1',
  reportType: 'GET_MERCHANT_LISTINGS_ALL_DATA',
  marketplaceIds: ['A1PA6795UKMFR9'],
};

describe('raw documents', () => {
  let folder: string;
  let raw: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'raw-store-'));
    raw = join(folder, 'raw');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function fileOf(name: string, content: string | Buffer): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  }

  it('are stored by seller, report type and document', () => {
    assert.equal(
      relative('/raw', rawPath('/raw', { ...metadata, documentId: 'amzn1.spdoc.1.3.a-b' })),
      join('A1', 'GET_MERCHANT_LISTINGS_ALL_DATA', 'amzn1.spdoc.1.3.a-b'),
    );
  });

  it('never leave their folder, whatever the ids, and every document has its own files', () => {
    const id = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '..',
        '.',
        '',
        '/etc/passwd',
        'a/../b',
        'a',
        'a.json',
        'a.part',
        'a.part.json',
        'a.lock',
        'a.',
        'CON',
        'x'.repeat(999),
      ),
    );
    fc.assert(
      fc.property(id, id, (a, b) => {
        const [first, second] = [a, b].map((documentId) => rawPath('/raw', { ...metadata, documentId }));
        assert(first && second);
        assert.equal(dirname(first), join('/raw', 'A1', metadata.reportType));
        assert(!basename(first).startsWith('.') && basename(first).length < 250);
        const files = (path: string) =>
          ['', '.json', '.part', '.part.json', '.lock'].map((ending) => path + ending);
        if (a !== b) assert.deepEqual(new Set([...files(first), ...files(second)]).size, 10);
      }),
    );
  });

  it('keep a file from disk byte for byte, with its metadata', async () => {
    const bytes = Buffer.from(Array.from({ length: 700_000 }, (_, n) => (n * 31) % 256));
    const source = await fileOf('download.tsv', bytes);
    const kept = await keepFile(openFolderStore(raw), source, { ...metadata, contentType: 'text/plain' });
    assert.deepEqual(await readFile(kept.path), bytes);
    assert.equal(kept.bytes, bytes.length);
    assert.match(kept.metadata.documentId, /^file-[0-9a-f]{32}$/);
    assert.deepEqual(await findRaw(openFolderStore(raw), kept.metadata), kept);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    assert.deepEqual(readCheckedJson(await readFile(`${kept.path}.json`, 'utf8')), {
      ...metadata,
      contentType: 'text/plain',
      documentId: kept.metadata.documentId,
      reportCreatedAt: statSync(source).mtime.toISOString(),
      bytes: bytes.length,
      sha256,
    });
    assert.deepEqual(readdirSync(dirname(kept.path)).sort(), [
      kept.metadata.documentId,
      `${kept.metadata.documentId}.json`,
    ]);
  });

  it('are one document for the same bytes, whatever the name of the file', async () => {
    const first = await keepFile(openFolderStore(raw), await fileOf('a.tsv', 'sku\n1\n'), metadata);
    const again = await keepFile(openFolderStore(raw), await fileOf('b.tsv', 'sku\n1\n'), metadata);
    const other = await keepFile(openFolderStore(raw), await fileOf('a.tsv', 'sku\n2\n'), metadata);
    assert.equal(again.path, first.path);
    assert.notEqual(other.path, first.path);
  });

  it('may be empty files', async () => {
    const kept = await keepFile(openFolderStore(raw), await fileOf('empty.tsv', ''), metadata);
    assert.equal(kept.bytes, 0);
    assert.deepEqual(await findRaw(openFolderStore(raw), kept.metadata), kept);
  });

  it('name a file that cannot be read, and leave nothing behind', async () => {
    await assert.rejects(keepFile(openFolderStore(raw), join(folder, 'none.tsv'), metadata), {
      code: 'FILE_UNREADABLE',
      message: /none\.tsv: the file does not exist/,
    });
    await assert.rejects(keepFile(openFolderStore(raw), folder, metadata), {
      code: 'FILE_UNREADABLE',
      message: /EISDIR/,
    });
    const files = existsSync(raw) ? readdirSync(raw, { recursive: true, withFileTypes: true }) : [];
    assert.deepEqual(
      files.filter((each) => each.isFile()),
      [],
    );
  });

  it('leave no file open that cannot be kept', async function () {
    // The open files are read from /proc.
    if (process.platform !== 'linux') this.skip();
    const source = await fileOf('a.tsv', 'sku\n1\n');
    const isOpen = () =>
      readdirSync('/proc/self/fd').some((fd) => {
        const link = join('/proc/self/fd', fd);
        return existsSync(link) && readlinkSync(link).startsWith(folder);
      });
    const unknownSeller = { ...metadata, sellerId: undefined as unknown as string };
    await assert.rejects(keepFile(openFolderStore(raw), source, unknownSeller));
    assert.equal(isOpen(), false, 'after a seller that is not known');
    // A file has no files in it.
    await assert.rejects(keepFile(openFolderStore(source), source, metadata));
    assert.equal(isOpen(), false, 'after a store that is no folder');
  });

  it('are listed completely, and without other files', async () => {
    const kept: RawDocument[] = [];
    for (const sellerId of ['A1', 'B/2']) {
      for (const text of ['one', 'two']) {
        kept.push(
          await keepFile(openFolderStore(raw), await fileOf('file', text), { ...metadata, sellerId }),
        );
      }
    }
    const unfinished = rawPath(raw, { ...metadata, documentId: 'unfinished' });
    await writeFile(`${unfinished}.part`, 'half');
    await writeFile(`${unfinished}.part.json`, '{}');
    await writeFile(`${unfinished}.json`, JSON.stringify(metadata));
    await mkdir(join(raw, 'empty'));
    const listed: RawDocument[] = [];
    for await (const found of listRaw(openFolderStore(raw))) listed.push(found);
    const byPath = (a: RawDocument, b: RawDocument) => (a.path < b.path ? -1 : 1);
    assert.deepEqual(listed, kept.sort(byPath));
    assert.equal(await findRaw(openFolderStore(raw), { ...metadata, documentId: 'unfinished' }), undefined);
  });

  it('are not blamed if someone deletes their bytes meanwhile', async () => {
    const store = openFolderStore(raw);
    const kept = await keepFile(store, await fileOf('a.tsv', 'x'), metadata);
    await rm(kept.path);
    const work = withBytes(kept, store, undefined, async () => 'read');
    await assert.rejects(work, { code: 'DOCUMENT_BUSY', kind: 'retryable' });
  });

  it('are absent if their folder does not exist', async () => {
    for await (const found of listRaw(openFolderStore(join(folder, 'none')))) assert.fail(found.path);
  });
});
