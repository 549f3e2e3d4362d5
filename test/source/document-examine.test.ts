import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { ReportsError } from '../../src/errors/reports-error.js';
import { type CharsetHint, examineDocument, openDocument } from '../../src/source/document/examine.js';
import { ReadAgain } from '../../src/source/read-again.js';
import type {
  DocumentMetadata,
  ExaminedDocument,
  RawDocument,
  ReadableDocument,
} from '../../src/source/types.js';

const japan = 'A1VC38T7YXB528';
const unlimited = { maxTextBytes: Number.MAX_SAFE_INTEGER };

/** A small report whose gzip has several kinds of deflate blocks. */
const report = Array.from(
  { length: 25 },
  (_, n) => `${n}\tsku-${(n * 7919) % 1000}\t${(n * 31) % 97}.50\tname ${n}`,
).join('\r\n');

/** Random letters, of which gzip leaves half: pieces of it are full. */
const letters = Buffer.from(randomBytes(2 ** 21).toString('hex'));

describe('examining a document', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'examine-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function rawOf(bytes: Buffer, metadata: Partial<DocumentMetadata> = {}): Promise<RawDocument> {
    const path = join(folder, 'document');
    await writeFile(path, bytes);
    const whole = { sellerId: 'A1', documentId: 'doc', reportType: 'T', marketplaceIds: [], ...metadata };
    return { metadata: whole, path, bytes: bytes.length, kept: null };
  }

  async function examine(bytes: Buffer, metadata: Partial<DocumentMetadata> = {}): Promise<ExaminedDocument> {
    return examineDocument(await rawOf(bytes, metadata), unlimited);
  }

  async function outcome(bytes: Buffer, metadata: Partial<DocumentMetadata> = {}): Promise<string> {
    try {
      return await textOf(await examine(bytes, metadata));
    } catch (error) {
      assert(error instanceof ReportsError, String(error));
      return error.code;
    }
  }

  describe('with gzip', () => {
    it('decides by the bytes, and notes if Amazon said otherwise', async () => {
      const cases: [Buffer, Partial<DocumentMetadata>, boolean, RegExp[]][] = [
        [gzipSync(report), { compression: 'GZIP', reportId: '1' }, true, []],
        [gzipSync(report), { reportId: '1' }, true, [/gzipped, although Amazon did not say so/]],
        [gzipSync(report), {}, true, []],
        [Buffer.from(report), { compression: 'GZIP' }, false, [/said GZIP/]],
        [Buffer.from(report), {}, false, []],
      ];
      for (const [bytes, metadata, gzipped, notes] of cases) {
        const document = await examine(bytes, metadata);
        assert.equal(document.gzipped, gzipped);
        assert.equal(document.textBytes, report.length);
        assert.equal(await textOf(document), report);
        assert.equal(document.notes.length, notes.length);
        for (const [index, note] of notes.entries()) assert.match(document.notes[index] ?? '', note);
      }
    });

    it('reads several members, or padding with zeros, as one document', async () => {
      const [first, second] = [report.slice(0, 500), report.slice(500)].map((half) => gzipSync(half));
      assert(first && second);
      assert.equal(await outcome(Buffer.concat([first, second])), report);
      assert.equal(await outcome(Buffer.concat([first, second, Buffer.alloc(1)])), report);
      assert.equal(await outcome(Buffer.concat([first, second, Buffer.alloc(600_000)])), report);
    });

    it('finds it corrupt if something else follows, also after padding', async () => {
      const whole = gzipSync(report);
      assert.equal(await outcome(Buffer.concat([whole, Buffer.from('sku\t1')])), 'DOCUMENT_CORRUPT');
      assert.equal(
        await outcome(Buffer.concat([whole, Buffer.alloc(9), Buffer.from('sku')])),
        'DOCUMENT_CORRUPT',
      );
      const second = gzipSync('lost');
      second[0] = 0;
      assert.equal(await outcome(Buffer.concat([whole, second])), 'DOCUMENT_CORRUPT');
    });

    it('looks at the end of each layer if it is gzipped twice', async () => {
      const whole = gzipSync(report);
      const twice = async (...rest: Buffer[]) => await outcome(gzipSync(Buffer.concat([whole, ...rest])));
      const second = gzipSync('lost');
      second[0] = 0;
      assert.equal(await twice(Buffer.alloc(1)), report);
      assert.equal(await twice(Buffer.alloc(3_000_000)), report);
      assert.equal(await twice(gzipSync('more')), `${report}more`);
      assert.equal(await twice(second), 'DOCUMENT_CORRUPT');
      assert.equal(await twice(Buffer.alloc(3_000_000), Buffer.from('sku')), 'DOCUMENT_CORRUPT');
      assert.equal(await twice(Buffer.from('sku\t1')), 'DOCUMENT_CORRUPT');
    });

    it('unpacks gzip around gzip, with a note', async () => {
      const document = await examine(gzipSync(gzipSync(report)), { compression: 'GZIP' });
      assert.equal(await textOf(document), report);
      assert.equal(document.textBytes, report.length);
      assert.deepEqual(document.notes, ['the bytes are gzipped twice']);
      const cut = gzipSync(gzipSync(report).subarray(0, -20));
      assert.equal(await outcome(cut), 'DOCUMENT_TRUNCATED');
    });

    it('finds it truncated if it is cut at any byte', async () => {
      const whole = gzipSync(report);
      for (let length = 1; length < whole.length; length += 1) {
        assert.equal(await outcome(whole.subarray(0, length)), 'DOCUMENT_TRUNCATED', `cut at ${length}`);
      }
      const two = Buffer.concat([gzipSync('first'), whole]);
      const boundary = gzipSync('first').length;
      for (let length = boundary + 1; length < boundary + 30; length += 1) {
        assert.equal(
          await outcome(two.subarray(0, length)),
          'DOCUMENT_TRUNCATED',
          `second member cut at ${length}`,
        );
      }
    });

    it('never returns other text if any byte is changed', async () => {
      const whole = gzipSync(report);
      const trailer = whole.length - 8;
      for (let position = 0; position < whole.length; position += 1) {
        for (const flip of [1, 0x80, 0xff]) {
          const bytes = Buffer.from(whole);
          bytes[position] = (bytes[position] ?? 0) ^ flip;
          const found = await outcome(bytes);
          const where = `byte ${position} flipped by ${flip}: ${found.slice(0, 40)}`;
          // The metadata in the header (time, system) may change.
          if (position < 10 && found === report) continue;
          // Damage just before the end mark may hide it, so that gunzip searches for it beyond the
          // file.
          const nearEnd = position >= trailer - 32 && position < trailer;
          if (nearEnd && (found === 'DOCUMENT_TRUNCATED' || found === report)) continue;
          assert.equal(found, 'DOCUMENT_CORRUPT', where);
        }
      }
    });

    it('returns every byte of a large one, in pieces that are freed when the next one is pulled', async () => {
      for (const bytes of [gzipSync(letters), gzipSync(gzipSync(letters, { level: 1 }))]) {
        const document = await examine(bytes);
        const pieces: Uint8Array[] = [];
        const copies: Buffer[] = [];
        for await (const piece of document.openBytes()) {
          pieces.push(piece);
          copies.push(Buffer.from(piece));
        }
        assert.ok(Buffer.concat(copies).equals(letters));
        assert.ok(pieces.length >= 4, String(pieces.length));
        // The first one is kept for whoever reads the beginning again.
        const [first = Buffer.alloc(0), ...others] = pieces;
        assert.ok(first.length > 0 && letters.subarray(0, first.length).equals(first));
        assert.ok(others.slice(0, 2).every(({ length }) => length === 0));
      }
    });

    it('returns the beginning of a large one again without opening the file', async () => {
      for (const bytes of [gzipSync(letters, { level: 1 }), letters]) {
        const raw = await rawOf(bytes);
        const document = await openDocument(raw, unlimited);
        await rm(raw.path);
        const pieces = document.openBytes()[Symbol.asyncIterator]();
        const { value: first } = await pieces.next();
        assert.ok(first.length > 0 && letters.subarray(0, first.length).equals(first));
        await assert.rejects(pieces.next(), /ENOENT|FILE_SYSTEM_FAILED|no such file/);
      }
    });

    it('returns the same bytes however they are divided into members and layers', async () => {
      const members = fc.array(fc.nat({ max: 1.5 * 2 ** 20 }), { minLength: 1, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(members, fc.boolean(), async (lengths, isTwice) => {
          const texts = lengths.map((length) => letters.subarray(0, length));
          const once = Buffer.concat(texts.map((text) => gzipSync(text, { level: 1 })));
          const document = await examine(isTwice ? gzipSync(once, { level: 1 }) : once);
          const copies: Buffer[] = [];
          for await (const piece of document.openBytes()) copies.push(Buffer.from(piece));
          assert.ok(Buffer.concat(copies).equals(Buffer.concat(texts)));
        }),
        { numRuns: 10 },
      );
    });

    it('stops early if it grows beyond the limit', async () => {
      const bomb = gzipSync(Buffer.alloc(300 * 2 ** 20));
      const raw = await rawOf(bomb);
      const before = process.memoryUsage().rss;
      const limit = 10 * 2 ** 20;
      await assert.rejects(examineDocument(raw, { maxTextBytes: limit }), (error) => {
        assert.ok(error instanceof ReportsError);
        const { found, ...details } = error.details;
        assert.deepEqual([error.code, details], ['DOCUMENT_TOO_LARGE', { documentId: 'doc', limit }]);
        assert.ok(Number(found) > limit && Number(found) <= limit + 2 ** 20, String(found));
        return true;
      });
      assert(process.memoryUsage().rss - before < 150 * 2 ** 20);
    });

    it('accepts exactly as many bytes as the limit', async () => {
      const raw = await rawOf(gzipSync(report));
      assert.equal((await examineDocument(raw, { maxTextBytes: report.length })).textBytes, report.length);
      await assert.rejects(examineDocument(raw, { maxTextBytes: report.length - 1 }), {
        code: 'DOCUMENT_TOO_LARGE',
      });
    });
  });

  it('accepts empty documents', async () => {
    for (const bytes of [Buffer.alloc(0), gzipSync('')]) {
      const document = await examine(bytes, { compression: 'GZIP' });
      assert.equal(document.textBytes, 0);
      assert.equal(await textOf(document), '');
      assert.deepEqual(document.notes, []);
    }
  });

  it('reports that the raw bytes are gone', async () => {
    const raw = await rawOf(Buffer.from('x'));
    await rm(raw.path);
    await assert.rejects(examineDocument(raw, unlimited), { code: 'FILE_SYSTEM_FAILED', kind: 'retryable' });
  });

  it('returns binary bytes unchanged', async () => {
    const bytes = Buffer.from(Array.from({ length: 3000 }, (_, n) => (n * n) % 256));
    bytes.write('PK\u0003\u0004', 'latin1');
    const document = await examine(gzipSync(bytes));
    assert.deepEqual(Buffer.concat(await all(document.openBytes())), bytes);
    assert.deepEqual(Buffer.concat(await all(document.openBytes())), bytes);
  });

  describe('for the charset', () => {
    const german = 'artikel\tpreis\nGröße – „groß“\t9,99 €\n';
    const japanese = '商品名\t価格\n表示ソ～①髙﨑\t100\n';

    const cases: {
      what: string;
      text?: string;
      bytes: Buffer;
      metadata?: Partial<DocumentMetadata>;
      charset: string;
      source: ExaminedDocument['charsetSource'];
      notes?: RegExp[];
    }[] = [
      { what: 'no charset declared, UTF-8', bytes: Buffer.from(german), charset: 'utf-8', source: 'bytes' },
      {
        what: 'no charset declared, not UTF-8',
        bytes: iconv.encode(german, 'cp1252'),
        charset: 'windows-1252',
        source: 'marketplace',
      },
      {
        what: 'no charset declared, not UTF-8, Japan',
        bytes: iconv.encode(japanese, 'cp932'),
        text: japanese,
        metadata: { marketplaceIds: [japan] },
        charset: 'cp932',
        source: 'marketplace',
      },
      ...['Cp1252', 'windows-1252', 'WINDOWS-1252', 'ISO-8859-1', 'iso8859_1', '"Cp1252"', 'latin1'].map(
        (name) => ({
          what: name,
          bytes: iconv.encode(german, 'cp1252'),
          metadata: { contentType: `text/plain;charset=${name}` },
          charset: 'windows-1252',
          source: 'content-type' as const,
        }),
      ),
      ...['MS932', 'Windows-31J', 'SHIFT_JIS', 'Shift-JIS', 'cp932', 'x-sjis', 'csWindows31J'].map(
        (name) => ({
          what: name,
          bytes: iconv.encode(japanese, 'cp932'),
          text: japanese,
          metadata: { contentType: `text/plain; Charset = ${name}; x=y` },
          charset: 'cp932',
          source: 'content-type' as const,
        }),
      ),
      ...['utf8', 'UTF-8', '"utf-8"', "'utf-8'", 'Utf_8'].map((name) => ({
        what: name,
        bytes: Buffer.from(german),
        metadata: { contentType: `text/plain; charset=${name}` },
        charset: 'utf-8',
        source: 'content-type' as const,
      })),
      {
        what: 'a header, even if the bytes would be UTF-8 too',
        bytes: iconv.encode('price\nplain ASCII\n', 'cp1252'),
        text: 'price\nplain ASCII\n',
        metadata: { contentType: 'text/plain; charset=Cp1252' },
        charset: 'windows-1252',
        source: 'content-type',
      },
      {
        what: 'UTF-8 declared, but it is not',
        bytes: iconv.encode(german, 'cp1252'),
        metadata: { contentType: 'text/plain; charset=UTF-8' },
        charset: 'windows-1252',
        source: 'marketplace',
        notes: [/says UTF-8, but the bytes are not/],
      },
      {
        what: 'an unknown name',
        bytes: Buffer.from(german),
        metadata: { contentType: 'text/plain; charset=klingon' },
        charset: 'utf-8',
        source: 'bytes',
        notes: [/unknown charset: klingon/],
      },
      {
        what: 'no charset in the header',
        bytes: Buffer.from(german),
        metadata: { contentType: 'text/plain' },
        charset: 'utf-8',
        source: 'bytes',
      },
      {
        what: 'a BOM with another header',
        bytes: Buffer.from(`\uFEFF${german}`),
        metadata: { contentType: 'text/plain; charset=Cp1252' },
        charset: 'utf-8',
        source: 'bom',
      },
      {
        what: 'a UTF-8 BOM before damaged text',
        bytes: Buffer.concat([Buffer.from(`\uFEFF${german}`), Buffer.from([0xff])]),
        text: `${german}\uFFFD`,
        charset: 'utf-8',
        source: 'bom',
        notes: [/1 byte that utf-8 does not define/],
      },
      {
        what: 'UTF-16 LE with BOM',
        bytes: Buffer.from(`\uFEFF${german}`, 'utf16le'),
        charset: 'utf-16le',
        source: 'bom',
      },
      {
        what: 'UTF-16 BE with BOM',
        bytes: Buffer.from(`\uFEFF${german}`, 'utf16le').swap16(),
        charset: 'utf-16be',
        source: 'bom',
      },
      {
        what: 'UTF-16 LE without BOM',
        bytes: Buffer.from(german, 'utf16le'),
        charset: 'utf-16le',
        source: 'bytes',
        notes: [/without a byte order mark/],
      },
      {
        what: 'UTF-16 BE without BOM',
        bytes: Buffer.from(german, 'utf16le').swap16(),
        charset: 'utf-16be',
        source: 'bytes',
        notes: [/without a byte order mark/],
      },
      {
        what: 'UTF-16 declared, without byte order',
        bytes: Buffer.from(german, 'utf16le').swap16(),
        metadata: { contentType: 'text/plain; charset=UTF-16' },
        charset: 'utf-16be',
        source: 'bytes',
        notes: [/without a byte order mark/],
      },
      {
        what: 'UTF-16 declared as Cp1252',
        bytes: Buffer.from(german, 'utf16le'),
        metadata: { contentType: 'text/plain; charset=Cp1252' },
        charset: 'utf-16le',
        source: 'bytes',
        notes: [/without a byte order mark/],
      },
      {
        what: 'UTF-8 with some characters cut',
        bytes: Buffer.concat([Buffer.from(german.repeat(3)), Buffer.from([0xc3])]),
        text: `${german.repeat(3)}\uFFFD`,
        metadata: { contentType: 'text/plain; charset=UTF-8' },
        charset: 'utf-8',
        source: 'content-type',
        notes: [/1 byte that utf-8 does not define/],
      },
      {
        what: 'UTF-8 declared as Cp1252, with a note and a warning of the doubt if it is one character',
        bytes: Buffer.from('é'),
        text: 'é',
        metadata: { contentType: 'text/plain; charset=Cp1252' },
        charset: 'utf-8',
        source: 'bytes',
        notes: [/read as UTF-8, not as windows-1252/, /nothing proves/],
      },
      {
        what: 'the declaration of an XML document',
        bytes: iconv.encode('<?xml version="1.0" encoding="Shift_JIS"?><r>テスト</r>', 'cp932'),
        text: '<?xml version="1.0" encoding="Shift_JIS"?><r>テスト</r>',
        charset: 'cp932',
        source: 'xml-declaration',
      },
    ];

    for (const { what, text = german, bytes, metadata = {}, charset, source, notes = [] } of cases) {
      it(`finds ${charset}: ${what}`, async () => {
        for (const stored of [bytes, gzipSync(bytes)]) {
          const document = await examine(stored, metadata);
          assert.deepEqual([document.charset, document.charsetSource], [charset, source]);
          assert.equal(await textOf(document), text);
          assert.equal(document.textBytes, bytes.length);
          const said = [...document.notes, ...(document.warnings ?? []).map(({ message }) => message)];
          assert.equal(said.length, notes.length, said.join());
          for (const [index, note] of notes.entries()) assert.match(said[index] ?? '', note);
        }
      });
    }

    it('decodes characters that are split between the chunks of a long document', async () => {
      // Characters of two to four bytes, shifted by one byte each time against the chunk
      // boundaries.
      for (const shift of ['', 'x', 'xx', 'xxx']) {
        const text = shift + '価é🚲'.repeat(70_000);
        const document = await examine(Buffer.from(text));
        assert.deepEqual([document.charset, document.charsetSource], ['utf-8', 'bytes']);
        assert((await textOf(document)) === text);
        const utf16 = { contentType: 'text/plain; charset=utf-16be' };
        const swapped = Buffer.from(text, 'utf16le').swap16();
        assert((await textOf(await examine(swapped, utf16))) === text);
        const shiftJis = shift + '価表ｱ'.repeat(120_000);
        const metadata = { contentType: 'text/plain; charset=Shift_JIS' };
        assert((await textOf(await examine(iconv.encode(shiftJis, 'cp932'), metadata))) === shiftJis);
      }
    });

    it('finds one wrong byte anywhere in a long document', async () => {
      const bytes = Buffer.from('価格é🚲 '.repeat(60_000));
      const chunk = 256 * 1024;
      const positions = [0, 1, chunk - 2, chunk - 1, chunk, chunk + 1, 2 * chunk - 1, bytes.length - 1];
      for (const position of positions) {
        const damaged = Buffer.from(bytes);
        damaged[position] = 0xff;
        const { isValidUtf8, warnings } = await examine(damaged);
        assert.equal(isValidUtf8, false, `at ${position}`);
        assert.match(warnings?.[0]?.message ?? '', /bytes? that utf-8 does not define/);
      }
      assert.equal((await examine(bytes.subarray(0, -1))).isValidUtf8, true);
      assert.equal((await examine(bytes.subarray(0, -2))).isValidUtf8, false, 'cut in the last character');
    });

    it('returns any text unchanged', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.string({ unit: 'binary', maxLength: 300 }),
          fc.boolean(),
          async (text, gzipped) => {
            const bytes = Buffer.from(`\uFEFF${text}`);
            assert.equal(await textOf(await examine(gzipped ? gzipSync(bytes) : bytes)), text);
          },
        ),
      );
    });
  });

  describe('opened after a look at its beginning', () => {
    const long = 'plain text, longer than any look at a beginning\n'.repeat(60_000);

    it('has the same result in the end as reading it first, whoever reads it', async () => {
      for (const read of [false, true]) {
        const raw = await rawOf(gzipSync(long), { reportId: '1' });
        const { textBytes, notes, charset } = await examineDocument(raw, unlimited);
        const opened = await openDocument(raw, unlimited);
        if (read) assert.equal(await textOf(opened), long);
        const finished = await opened.finish();
        assert.deepEqual(
          { textBytes: finished.textBytes, notes: finished.notes, charset: finished.charset },
          { textBytes, notes, charset },
        );
        assert.equal(textBytes, long.length);
        assert.match(String(notes), /gzipped, although Amazon did not say so/);
      }
    });

    it('ends its bytes with the right charset if they reveal another one, and can be read in that', async () => {
      const text = `${long}Gr\u00f6\u00dfe`;
      const raw = await rawOf(Buffer.from(text, 'latin1'));
      const opened = await openDocument(raw, unlimited);
      assert.equal(opened.charset, 'utf-8');
      let hint: CharsetHint | undefined;
      for (const read of [() => textOf(opened), () => opened.finish()]) {
        await assert.rejects(read(), (error) => {
          assert(error instanceof ReadAgain, String(error));
          hint = error.hint;
          assert.equal(error.hint.kind, 'charset');
          return true;
        });
      }
      const again = await openDocument(raw, unlimited, hint?.decision);
      assert.equal(await textOf(again), text);
      assert.equal((await again.finish()).charset, 'windows-1252');
    });

    it('is refused if its bytes exceed the limit', async () => {
      const opened = await openDocument(await rawOf(Buffer.from(long)), { maxTextBytes: long.length - 1 });
      await assert.rejects(opened.finish(), { code: 'DOCUMENT_TOO_LARGE' });
    });

    it('ends with the reason of a signal, however it is read', async () => {
      const raw = await rawOf(Buffer.from(long));
      const stop = new AbortController();
      const limits = { ...unlimited, signal: stop.signal };
      const opened = await openDocument(raw, limits);
      const examined = await examineDocument(raw, limits);
      const reason = new Error('time is up');
      stop.abort(reason);
      await assert.rejects(textOf(opened), reason);
      await assert.rejects(textOf(examined), reason);
      await assert.rejects(opened.finish(), reason);
      await assert.rejects(examineDocument(raw, limits), reason);
    });
  });

  it('uses constant memory, however long the document', async () => {
    const line = 'order-id\tsku\t2026-01-02T03:04:05Z\t19.99\tEUR\tGröße\n';
    const bytes = gzipSync(Buffer.from(line.repeat(2_000_000)), { level: 1 });
    const raw = await rawOf(bytes);
    const before = process.memoryUsage().rss;
    const document = await examineDocument(raw, unlimited);
    assert.equal(document.textBytes, Buffer.byteLength(line) * 2_000_000);
    let characters = 0;
    for await (const text of document.openText()) characters += text.length;
    assert.equal(characters, line.length * 2_000_000);
    assert(process.memoryUsage().rss - before < 100 * 2 ** 20);
  });
});

async function textOf(document: ReadableDocument): Promise<string> {
  let text = '';
  for await (const chunk of document.openText()) text += chunk;
  return text;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
