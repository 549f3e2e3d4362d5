import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  errorCode,
  faultOf,
  isNotTheDocumentsFault,
  isRetryable,
  knownError,
  ReportsError,
} from '../../src/errors/reports-error.js';
import { type JsonKind, openSharedJson } from '../../src/files/shared-json.js';
import { checkFolderWritable } from '../../src/files/whole-file.js';
import { withFileFault } from '../faults/file-faults.js';
import { silent } from './recorded-warnings.js';
import { z } from 'zod';

const failure = (code: string, more = {}) =>
  Object.assign(new Error(`${code}: words of the system, open '/mnt/raw/a'`), { code, ...more });

describe('the classification of a failure', () => {
  it('blames the machine, never a document, for a failure of the file system or the memory', () => {
    for (const [code, known] of [
      ...['EACCES', 'EBUSY', 'EIO', 'EISDIR', 'EMFILE', 'ENFILE', 'ENODEV', 'ENOENT', 'ENOTCONN', 'ENOTDIR'],
      ...['ENXIO', 'EPERM', 'EROFS', 'ESTALE', 'ELOOP', 'ENAMETOOLONG', 'EREMOTEIO'],
    ]
      .map((each) => [each, 'FILE_SYSTEM_FAILED'])
      .concat([
        ['ENOSPC', 'DISK_FULL'],
        ['EDQUOT', 'DISK_FULL'],
        ['ENOMEM', 'OUT_OF_MEMORY'],
        ['ERR_MEMORY_ALLOCATION_FAILED', 'OUT_OF_MEMORY'],
        ['ERR_WORKER_OUT_OF_MEMORY', 'OUT_OF_MEMORY'],
      ]) as [string, string][]) {
      const error = failure(code);
      assert.deepEqual(
        [errorCode(error), faultOf(error), isRetryable(error), isNotTheDocumentsFault(error)],
        [known, 'machine', true, true],
        code,
      );
    }
    assert.equal(faultOf(new RangeError('Array buffer allocation failed')), 'machine');
    assert.equal(faultOf(new ReportsError('WAREHOUSE_UNREADABLE')), 'machine');
    assert.equal(faultOf(new ReportsError('WAREHOUSE_FORMAT_UNSUPPORTED')), 'machine');
  });

  it('blames the service for a failed connection, the document for a failed parse, and neither for a bug', () => {
    assert.equal(faultOf(failure('ECONNRESET')), 'service');
    assert.equal(faultOf(new ReportsError('BUCKET_ACCESS_DENIED')), 'service');
    assert.equal(faultOf(new ReportsError('DOCUMENT_CORRUPT')), 'document');
    for (const error of [
      new TypeError('x is not a function'),
      new RangeError('Maximum call stack size exceeded'),
      failure('ERR_INVALID_ARG_TYPE'),
      new ReportsError('DOWNLOAD_FAILED'),
      undefined,
    ])
      assert.equal(faultOf(error), 'unknown');
  });

  it('names the task and the answer of the system, with the next step', () => {
    const { message, remedy } = knownError(failure('EROFS'), '/mnt/raw') as ReportsError;
    assert.equal(message, 'working on /mnt/raw: EROFS: words of the system');
    assert.match(remedy, /can be written.*doctor/);
    const own = knownError(failure('EIO', { path: '/mnt/raw/a' })) as ReportsError;
    assert.equal(own.details.path, '/mnt/raw/a');
  });
});

describe('a folder that cannot be written', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'machine-errors-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is distinguished from a writable one whichever call fails, and keeps no probe file', async () => {
    const deep = join(folder, 'not', 'there');
    await checkFolderWritable(deep);
    const { calls } = await withFileFault({ folder: deep, at: 1000, lasts: 'once', code: 'EIO' }, () =>
      checkFolderWritable(deep),
    );
    assert.deepEqual(await readdir(deep), []);
    assert.ok(calls >= 4, `${calls} calls`);
    for (let at = 1; at <= calls; at += 1) {
      const fault = { folder: deep, at, lasts: 'on', code: 'ESTALE' } as const;
      await withFileFault(fault, () =>
        assert.rejects(checkFolderWritable(deep), {
          code: 'FILE_SYSTEM_FAILED',
          message: /not.there: ESTALE/,
        }),
      );
    }
  });

  it('does not lose the content of a shared file that cannot be read for a moment', async () => {
    const path = join(folder, 'shared.json');
    writeFileSync(path, '{"a":1}');
    const kind: JsonKind<Record<string, number>> = {
      parse: (content) => z.record(z.string(), z.number()).parse(content),
      missing: () => ({}),
      lost: () => ({}),
      consequence: 'nothing follows',
    };
    const file = openSharedJson(path, kind, silent);
    const change = () => file.change((held) => ({ ...held, b: 2 }));
    const none = await withFileFault({ folder: path, at: 1000, lasts: 'once', code: 'EIO' }, change);
    for (let at = 1; at <= none.calls; at += 1) {
      writeFileSync(path, '{"a":1}');
      await withFileFault({ folder, at, lasts: 'once', code: 'EIO' }, async () => {
        await change().catch((error: unknown) => assert.equal(errorCode(error), 'FILE_SYSTEM_FAILED'));
      });
      assert.equal(openSharedJson(path, kind, silent).read().a, 1, `call ${at}`);
    }
  });
});
