import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { TextDecoding } from '../../src/source/document/decode.js';
import { examineDocument, openDocument } from '../../src/source/document/examine.js';
import { ReadAgain } from '../../src/source/read-again.js';
import type { DocumentMetadata, ExaminedDocument, RawDocument } from '../../src/source/types.js';

const limits = { maxTextBytes: Number.MAX_SAFE_INTEGER };

/** Decodes pieces of bytes; with what the charset does not define. */
function decoded(pieces: Uint8Array[], charset: string): { text: string; undefinedBytes: number } {
  const decoding = new TextDecoding(charset);
  const text = pieces.map((piece) => decoding.write(piece)).join('') + decoding.end();
  return { text, undefinedBytes: decoding.undefinedBytes.count };
}

/** The one character of these bytes; undefined if the charset does not define them. */
function characterOf(bytes: number[], charset: string): string | undefined {
  const { text, undefinedBytes } = decoded([Uint8Array.from(bytes)], charset);
  return undefinedBytes === 0 && [...text].length === 1 ? text : undefined;
}

/** Both bytes of everything that may be a character of two bytes in Windows-31J. */
function* pairs(): Generator<[number, number]> {
  for (let lead = 0x81; lead <= 0xfc; lead += 1) {
    if (lead >= 0xa0 && lead <= 0xdf) continue;
    for (let trail = 0x40; trail <= 0xfc; trail += 1) if (trail !== 0x7f) yield [lead, trail];
  }
}

/** What Python's codec makes of each of the byte sequences; null if it does not define them. */
function decodedByPython(codec: string, sequences: number[][]): (string | null)[] {
  const program = `import json, sys
def text(numbers):
    try: return bytes(numbers).decode(sys.argv[1])
    except UnicodeDecodeError: return None
print(json.dumps([text(numbers) for numbers in json.load(sys.stdin)]))`;
  const input = JSON.stringify(sequences);
  return JSON.parse(
    execFileSync('python3', ['-c', program, codec], { input, maxBuffer: 2 ** 26 }).toString(),
  );
}

function hasPython(): boolean {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('decoding a charset', () => {
  it('reads every byte of Windows-1252, and counts the five that it does not define', () => {
    const high = '€\u0000‚ƒ„…†‡ˆ‰Š‹Œ\u0000Ž\u0000\u0000‘’“”•–—˜™š›œ\u0000žŸ';
    for (let byte = 0; byte < 256; byte += 1) {
      const isHigh = byte >= 0x80 && byte < 0xa0;
      const expected = isHigh ? high[byte - 0x80] : String.fromCharCode(byte);
      const found = characterOf([byte], 'windows-1252');
      assert.equal(found, isHigh && expected === '\u0000' ? undefined : expected, byte.toString(16));
      if (found) assert.deepEqual([...iconv.encode(found, 'windows-1252')], [byte]);
    }
  });

  it('reads every pair of Windows-31J as the Encoding Standard does, with all of its extensions', () => {
    const standard = new TextDecoder('shift_jis', { fatal: true });
    let defined = 0;
    for (const pair of pairs()) {
      let expected: string | undefined;
      try {
        expected = standard.decode(Uint8Array.from(pair));
      } catch {}
      assert.equal(characterOf(pair, 'cp932'), expected, Buffer.from(pair).toString('hex'));
      if (expected !== undefined) defined += 1;
    }
    // 7,724 of the tables of Windows-31J, 1,880 for private use.
    assert.equal(defined, 9604);
  });

  it('reads the first and the last characters of each extension of Windows-31J', () => {
    const known: [number, string][] = [
      [0x8740, '①'],
      [0x879c, '∪'],
      [0xed40, '纊'],
      [0xeefc, '＂'],
      [0xfa40, 'ⅰ'],
      [0xfc4b, '黑'],
      [0xf040, '\ue000'],
      [0xf940, '\ue69c'],
      [0xf941, '\ue69d'],
      [0xf97e, '\ue6da'],
      [0xf980, '\ue6db'],
      [0xf9fc, '\ue757'],
      [0x8160, '～'],
      [0x817c, '－'],
      [0x955c, '表'],
    ];
    for (const [code, expected] of known)
      assert.equal(characterOf([code >> 8, code & 0xff], 'cp932'), expected);
  });

  it('reads every character of two bytes or fewer as Python does', function () {
    if (!hasPython()) {
      console.log('      skipped: python3 is not there');
      this.skip();
    }
    const singles = Array.from({ length: 256 }, (_, byte) => [byte]);
    // Python has private characters for four bytes that Windows-31J reserves.
    const isReserved = ([byte = 0, second]: number[]) =>
      second === undefined && [0xa0, 0xfd, 0xfe, 0xff].includes(byte);
    for (const [charset, codec, sequences] of [
      ['windows-1252', 'cp1252', singles],
      ['cp932', 'cp932', [...singles.filter((bytes) => !isReserved(bytes)), ...pairs()]],
    ] as const) {
      const expected = decodedByPython(codec, sequences as number[][]);
      for (const [index, bytes] of sequences.entries()) {
        assert.equal(characterOf(bytes, charset) ?? null, expected[index], `${charset} ${bytes}`);
      }
    }
  });

  it('reads every character of UTF-16 in both byte orders', () => {
    for (let code = 0; code <= 0x10ffff; code += 1) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      // All of the first plane, and a sample of the others.
      if (code > 0xffff) code += 97;
      const text = String.fromCodePoint(Math.min(code, 0x10ffff));
      const little = Buffer.from(text, 'utf16le');
      // At the beginning of a text it would be a byte order mark.
      const before = Buffer.from('x', 'utf16le');
      const whole = Buffer.concat([before, little]);
      if (!isSame(decoded([whole], 'utf-16le'), `x${text}`)) assert.fail(`little ${code.toString(16)}`);
      if (!isSame(decoded([whole.swap16()], 'utf-16be'), `x${text}`)) assert.fail(`big ${code.toString(16)}`);
    }
  });

  function isSame({ text, undefinedBytes }: ReturnType<typeof decoded>, expected: string): boolean {
    return text === expected && undefinedBytes === 0;
  }

  /** Units of bytes that are characters of a charset, and units that it does not define. */
  const units: Record<string, { good: number[][]; bad: number[][] }> = {
    'windows-1252': { good: [[0x61], [0xe9], [0x80], [0x0a]], bad: [[0x81], [0x8d], [0x8f], [0x90], [0x9d]] },
    'windows-1250': { good: [[0x61], [0xb3], [0x8c]], bad: [[0x81], [0x83], [0x90]] },
    'iso-8859-2': { good: [[0x61], [0xb3], [0xa6]], bad: [[0x80], [0x93]] },
    'windows-1254': { good: [[0x61], [0xfd], [0x80]], bad: [[0x81], [0x8e], [0x9d]] },
    'iso-8859-15': { good: [[0x61], [0xe9], [0xa4]], bad: [[0x80], [0x93]] },
    cp932: {
      good: [[0x61], [0x83, 0x65], [0x95, 0x5c], [0xb1], [0xf9, 0xfc]],
      bad: [[0xa0], [0xfd], [0xff]],
    },
    'euc-jp': { good: [[0x61], [0xa4, 0xa2], [0x8e, 0xb1], [0x8f, 0xb0, 0xa1]], bad: [[0xff], [0x80]] },
    gbk: { good: [[0x61], [0xb0, 0xa1]], bad: [[0xff]] },
    // U+FFFD and a pair of surrogates are characters of GB18030.
    gb18030: {
      good: [
        [0x61],
        [0xb0, 0xa1],
        [0x84, 0x31, 0xa4, 0x37],
        [0x90, 0x30, 0x81, 0x30],
        [0x90, 0x30, 0xd3, 0x33],
      ],
      bad: [[0xff]],
    },
    'utf-16le': {
      good: [
        [0x61, 0],
        [0xfd, 0xff],
        [0x3d, 0xd8, 0xb2, 0xde],
      ],
      bad: [
        [0x3d, 0xd8, 0x61, 0],
        [0x61, 0, 0xb2, 0xde],
      ],
    },
    'utf-16be': {
      good: [
        [0, 0x61],
        [0xff, 0xfd],
        [0xd8, 0x3d, 0xde, 0xb2],
      ],
      bad: [
        [0xd8, 0x3d, 0, 0x61],
        [0, 0x61, 0xde, 0xb2],
      ],
    },
  };

  for (const [charset, { good, bad }] of Object.entries(units)) {
    it(`counts every byte that ${charset} does not define, in pieces of any size`, () => {
      const unit = fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...good).map((bytes) => ({ bytes, isBad: false })) },
        { weight: 1, arbitrary: fc.constantFrom(...bad).map((bytes) => ({ bytes, isBad: true })) },
      );
      fc.assert(
        fc.property(
          fc.array(unit, { maxLength: 60 }),
          fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
          (given, sizes) => {
            const bytes = Uint8Array.from(given.flatMap((each) => each.bytes));
            const pieces: Uint8Array[] = [];
            for (let at = 0; at < bytes.length; ) {
              const size = sizes.next().value as number;
              pieces.push(bytes.subarray(at, at + size));
              at += size;
            }
            const found = decoded(pieces, charset);
            const perUnit = charset.startsWith('utf-16') ? 2 : 1;
            assert.equal(found.undefinedBytes, given.filter(({ isBad }) => isBad).length * perUnit);
            // The text is the same as that of each unit by itself.
            const expected = given
              .map((each) => decoded([Uint8Array.from(each.bytes)], charset).text)
              .join('');
            assert.equal(found.text, expected);
          },
        ),
      );
    });
  }

  it('counts leading bytes without a character behind them, and the odd last byte of UTF-16', () => {
    for (const [charset, bytes, count, text] of [
      ['cp932', [0x83, 0x0a, 0x61], 1, '\ufffd\na'],
      ['cp932', [0x61, 0x83], 1, 'a\ufffd'],
      ['euc-jp', [0xa4, 0x20], 1, '\ufffd '],
      ['euc-jp', [0x8f, 0xb0], 2, '\ufffd\ufffd'],
      ['gbk', [0xb0, 0x0a], 1, '\ufffd\n'],
      ['gb18030', [0x84, 0x31, 0xa4], 2, '\ufffd1\ufffd'],
      ['utf-16le', [0x61, 0, 0x62], 1, 'a\ufffd'],
      ['utf-16be', [0, 0x61, 0], 1, 'a\ufffd'],
      ['utf-16le', [0x3d, 0xd8], 2, '\ufffd'],
    ] as const) {
      assert.deepEqual(decoded([Uint8Array.from(bytes)], charset), { text, undefinedBytes: count }, charset);
    }
  });
});

describe('the charset of a document', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'charsets-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function rawOf(bytes: Buffer, metadata: Partial<DocumentMetadata>): Promise<RawDocument> {
    const path = join(folder, 'document');
    await writeFile(path, bytes);
    const whole = { sellerId: 'A1', documentId: 'doc', reportType: 'T', marketplaceIds: [], ...metadata };
    return { metadata: whole, path, bytes: bytes.length, kept: null };
  }

  /** As both engines find it: examined first, or while it is read. */
  async function examine(bytes: Buffer, metadata: Partial<DocumentMetadata> = {}): Promise<ExaminedDocument> {
    const raw = await rawOf(bytes, metadata);
    const examined = await examineDocument(raw, limits);
    const whileRead = await readToEnd(raw);
    for (const key of ['charset', 'isValidUtf8', 'notes', 'warnings', 'decisions'] as const)
      assert.deepEqual(whileRead[key], examined[key]);
    return examined;
  }

  async function readToEnd(raw: RawDocument): Promise<ExaminedDocument> {
    let opened = await openDocument(raw, limits);
    for (;;) {
      try {
        for await (const _ of opened.openText());
        return await opened.finish();
      } catch (error) {
        if (!(error instanceof ReadAgain)) throw error;
        opened = await openDocument(raw, limits, error.hint.decision);
      }
    }
  }

  const labelled = (charset: string) => ({ contentType: `text/plain; charset=${charset}` });
  const codes = ({ warnings }: ExaminedDocument) => warnings?.map(({ code }) => code) ?? [];

  it('is UTF-8 if only UTF-8 explains the bytes, whatever the label says, with a note and its reason', async () => {
    const texts = [
      'Café table',
      'said “large” — wasn’t',
      'Österreich',
      'été',
      'naïve, Müller',
      '日本語',
      '20 °C',
      '5 £',
      'Łódź',
      'Ünal',
    ];
    for (const text of texts) {
      for (const label of ['Cp1252', 'ISO-8859-1', 'ISO-8859-15']) {
        const found = await examine(Buffer.from(`sku\tname\nA\t${text}\n`), labelled(label));
        assert.equal(found.charset, 'utf-8', text);
        assert.deepEqual(codes(found), [], text);
        assert.match(
          found.notes.join(),
          /^read as UTF-8, not as (windows-1252|iso-8859-15) as the Content-Type says/,
        );
        assert.equal(found.decisions?.[0]?.subject, 'charset');
        assert.match(found.decisions?.[0]?.reason ?? '', /bytes are UTF-8, although the Content-Type says/);
      }
    }
    for (const text of ['これは日本語です', 'café, Müller, naïve']) {
      for (const label of ['Shift_JIS', 'EUC-JP', 'GBK', 'GB18030']) {
        const found = await examine(Buffer.from(`sku\tname\nA\t${text}\n`), labelled(label));
        assert.deepEqual([found.charset, codes(found)], ['utf-8', []], `${text} ${label}`);
      }
    }
  });

  it('is that of the label for languages of Central Europe, Turkish and Arabic', async () => {
    for (const [label, charset, bytes, text] of [
      ['windows-1250', 'windows-1250', [0xb3, 0xf3, 0x64, 0x9f], 'łódź'],
      ['ISO-8859-2', 'iso-8859-2', [0xb3, 0xf3, 0x64, 0xbc], 'łódź'],
      ['ISO-8859-9', 'windows-1254', [0xfe, 0x65, 0x6b, 0x65, 0x72], 'şeker'],
      ['windows-1256', 'windows-1256', [0xe3, 0xd1, 0xcd, 0xc8, 0xc7], 'مرحبا'],
    ] as const) {
      const given = Buffer.concat([Buffer.from('sku\tname\nA\t'), Buffer.from(bytes)]);
      const found = await examine(given, labelled(label));
      let decoded = '';
      for await (const piece of found.openText()) decoded += piece;
      assert.deepEqual([found.charset, decoded, codes(found)], [charset, `sku\tname\nA\t${text}`, []]);
    }
  });

  it('has a warning if one part of the text is UTF-8 and another is not', async () => {
    const utf8 = Buffer.from('sku\tname\nA\tCafé für Müller\n');
    const western = Buffer.from('B\tGröße weiß\nC\tCafé\n', 'latin1');
    for (const metadata of [{}, labelled('Cp1252')]) {
      const found = await examine(Buffer.concat([utf8, western]), metadata);
      assert.deepEqual([found.charset, codes(found)], ['windows-1252', ['CHARSET_UNCERTAIN']]);
      const rare = Buffer.concat([Buffer.from('A\tCafé\n'), ...Array<Buffer>(9).fill(western)]);
      assert.deepEqual(codes(await examine(rare, metadata)), []);
    }
  });

  it('is never UTF-16 without a zero byte, whatever the label or the XML declaration says', async () => {
    const xml = '<?xml version="1.0" encoding="utf-16"?><r><name>Café, Müller</name></r>';
    const table = 'sku\tname\nA\tCafé, Müller\n';
    for (const [text, label] of [
      [table, 'UTF-16'],
      [table, 'UTF-16BE'],
      [xml, 'UTF-16LE'],
      [xml, undefined],
    ] as const) {
      const found = await examine(Buffer.from(text), label === undefined ? {} : labelled(label));
      assert.equal(found.charset, 'utf-8', text);
      const notes = label === undefined ? [] : ['the Content-Type says UTF-16, but the bytes are not'];
      assert.deepEqual(found.notes, notes);
    }
    const found = await examine(Buffer.from(table, 'utf16le'), labelled('UTF-16'));
    assert.equal(found.charset, 'utf-16le');
  });

  it('is that of the label if its text is only by chance also UTF-8, with a warning', async () => {
    const byChance: [text: string, charset: string][] = [
      ['CAFÉ™', 'Cp1252'],
      ['Maß®', 'Cp1252'],
      ['MENÜ…', 'Cp1252'],
      ['CAFÉ’s', 'Cp1252'],
      ['ﾂｱ', 'Shift_JIS'],
      ['目', 'GBK'],
    ];
    for (const [text, label] of byChance) {
      const bytes = iconv.encode(`sku\tname\nA\t${text}\n`, label === 'Shift_JIS' ? 'cp932' : label);
      const found = await examine(bytes, labelled(label));
      assert.ok(found.charset !== 'utf-8', `${text} ${found.charset}`);
      assert.deepEqual(codes(found), ['CHARSET_UNCERTAIN'], text);
    }
    const single = await examine(Buffer.from('sku\tname\nA\té\n'), labelled('Cp1252'));
    assert.deepEqual([single.charset, codes(single)], ['utf-8', ['CHARSET_UNCERTAIN']]);
  });

  it('is that of the label for any text that is written in it', async () => {
    const texts: [text: string, label: string, codec: string][] = [
      ['Größe – „groß“, 9,99 €', 'Cp1252', 'cp1252'],
      ['Façade d’été, ÇA VA, ÉCOLE', 'ISO-8859-1', 'cp1252'],
      ['商品名 表示ソ～①髙﨑', 'Shift_JIS', 'cp932'],
      ['ﾊﾝｶｸ ｶﾅ', 'MS932', 'cp932'],
      ['联通 模型 目录', 'GBK', 'gbk'],
      ['商品の名前', 'EUC-JP', 'euc-jp'],
    ];
    for (const [text, label, codec] of texts) {
      const found = await examine(iconv.encode(`sku\tname\nA\t${text}\n`, codec), labelled(label));
      assert.deepEqual([codes(found), found.notes], [[], []], text);
      assert.equal(found.decisions?.[0]?.reason, 'the Content-Type', text);
      assert.notEqual(found.charset, 'utf-8');
    }
  });

  it('without a label is what its bytes look like, with a warning if the marketplace has another one', async () => {
    const japan = { marketplaceIds: ['A1VC38T7YXB528'] };
    const cases: [
      text: string,
      codec: string,
      metadata: Partial<DocumentMetadata>,
      charset: string,
      warned: boolean,
    ][] = [
      ['Größe – „groß“, 9,99 €', 'cp1252', {}, 'windows-1252', false],
      ['Größe, Äpfel, Maß', 'cp1252', japan, 'windows-1252', true],
      ['これはテストです', 'cp932', japan, 'cp932', false],
      ['これはテストです', 'cp932', {}, 'cp932', true],
      ['联通模型目录', 'gbk', {}, 'windows-1252', true],
      ['Привет, мир', 'win1251', {}, 'windows-1252', true],
      ['これは日本語です', 'utf8', {}, 'utf-8', false],
      ['plain', 'utf8', japan, 'utf-8', false],
    ];
    for (const [text, codec, metadata, charset, warned] of cases) {
      const found = await examine(iconv.encode(`sku\tname\nA\t${text}\n`, codec), metadata);
      assert.equal(found.charset, charset, text);
      assert.deepEqual(codes(found).includes('CHARSET_UNCERTAIN'), warned, text);
    }
  });

  it('has no decision for ASCII, which is the same in all of them', async () => {
    for (const label of ['Cp1252', 'UTF-8', 'Shift_JIS']) {
      const { decisions, warnings } = await examine(Buffer.from('sku\tname\nA\tplain\n'), labelled(label));
      assert.deepEqual([decisions, warnings], [[], []]);
    }
  });

  it('leaves bytes that it does not define as U+FFFD, with their number, the first one and its line', async () => {
    const before = 'sku\tname\n';
    const cases: [bytes: number[], label: string, expected: RegExp][] = [
      [
        [0x43, 0xe9, 0x81, 0x0a, 0x9d, 0x8d],
        'Cp1252',
        /^the text has 3 bytes that windows-1252 .* 0x81 in line 2$/,
      ],
      [[0x0a, 0x0a, 0x83, 0x0a, 0xb1], 'Shift_JIS', /^the text has 1 byte that cp932 .* 0x83 in line 4$/],
      [[0xa4, 0xa2, 0xa4, 0x20], 'EUC-JP', /^the text has 1 byte that euc-jp .* 0xA4 in line 2$/],
      [[0x0a, 0xb0, 0x0a], 'GBK', /^the text has 1 byte that gbk .* 0xB0 in line 3$/],
      [
        [0x84, 0x31, 0xa4, 0x37, 0x0a, 0xff],
        'GB18030',
        /^the text has 1 byte that gb18030 .* 0xFF in line 3$/,
      ],
      [
        [...Buffer.from('\ufffd\n価格表 é é é'), 0xff, 0xc3, ...Buffer.from('\ufffd')],
        'UTF-8',
        /^the text has 2 bytes that utf-8 .* 0xFF in line 3$/,
      ],
    ];
    for (const [bytes, label, expected] of cases) {
      const document = Buffer.concat([Buffer.from(before), Buffer.from(bytes)]);
      const found = await examine(document, labelled(label));
      assert.deepEqual(codes(found), ['UNDEFINED_BYTES'], label);
      assert.match(found.warnings?.[0]?.message ?? '', expected);
    }
    const utf16 = Buffer.concat([
      Buffer.from('\ufeffsku\tname\n\ufffd\n', 'utf16le'),
      Buffer.from([0x3d, 0xd8, 0x61, 0, 0x62]),
    ]);
    const { warnings } = await examine(utf16);
    assert.match(warnings?.[0]?.message ?? '', /^the text has 3 bytes that utf-16le .* 0x3D in line 3$/);
  });

  it('finds the first undefined byte in any line of a long document', async () => {
    const line = Buffer.from('価格é🚲\tabc\n');
    for (const at of [0, 20_000, 39_999]) {
      const lines = Array.from({ length: 40_000 }, (_, index) =>
        index >= at ? Buffer.concat([Buffer.from([0xff]), line]) : line,
      );
      const found = await examine(Buffer.concat(lines), labelled('UTF-8'));
      const expected = new RegExp(` ${40_000 - at} bytes? that utf-8 .* 0xFF in line ${at + 1}$`);
      assert.match(found.warnings?.[0]?.message ?? '', expected);
      const western = lines.map((each) =>
        Buffer.from(
          each
            .toString('latin1')
            .replace(/[\x80-\xfe]/g, 'é')
            .replace(/\xff/g, '\x81'),
          'latin1',
        ),
      );
      const other = await examine(Buffer.concat(western), labelled('Cp1252'));
      assert.match(
        other.warnings?.[0]?.message ?? '',
        new RegExp(` ${40_000 - at} bytes? that windows-1252 .* 0x81 in line ${at + 1}$`),
      );
    }
  });
});
