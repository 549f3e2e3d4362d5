import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { chooseMarketplace } from '../../src/ingest/choose-marketplace.js';
import { marketplaces } from '../../src/schema/marketplaces.js';
import { listings, listingsType, orders, ordersType } from '../ingest/world.js';
import { type ZipEntry, zipOf } from '../ingest/zip-files.js';
import { commandFolder } from './command-folder.js';

describe('load finds documents', () => {
  const { file, path, pipe, query, run } = commandFolder();
  const loadedFiles = async (...args: string[]) => {
    const { stdout } = await run('load', '--json', ...args);
    const lines = stdout.trimEnd().split('\n');
    return lines.map((line) => JSON.parse(line) as { file: string; status: string; reason: string });
  };

  it('in folders, with those below, but without hidden files', async () => {
    mkdirSync(path('2026/10'), { recursive: true });
    file('2026/b.tsv', listings(2));
    file('2026/10/a.tsv', listings(1));
    file('2026/.hidden.tsv', listings(3));
    symlinkSync(path('2026'), path('2026/10/up'));
    const { code, stdout } = await run('load', '2026', '--type', listingsType);
    assert.equal(code, 0, stdout);
    assert.match(
      stdout,
      /^2026\/10\/a\.tsv: loaded: 1 row into listings[\s\S]*^2026\/b\.tsv: loaded: 2 rows/m,
    );
    assert.match(stdout, /^2 files: 2 loaded$/m);
  });

  it('by patterns in quotes, each file once', async () => {
    mkdirSync(path('a'));
    for (const name of ['a/1.txt', 'a/2.txt', '3.txt', '4.csv']) file(name, listings(name.length));
    const found = await loadedFiles('**/*.txt', 'a/*', '--type', listingsType);
    assert.deepEqual(
      found.map((each) => [each.file, each.status]),
      [
        ['3.txt', 'loaded'],
        ['a/1.txt', 'loaded'],
        ['a/2.txt', 'loaded'],
      ],
    );
  });

  it('and reports an argument that names none, beside those that do', async () => {
    mkdirSync(path('empty'));
    file('[1].txt', listings(1));
    const found = await loadedFiles('empty', '*.none', '[1].txt', '--type', listingsType);
    assert.deepEqual(
      found.map(({ status }) => status),
      ['failed', 'failed', 'loaded'],
    );
    assert.match(found[0]?.reason ?? '', /empty: the folder has no files$/);
    assert.match(found[1]?.reason ?? '', /\*\.none: no file matches$/);
  });

  it('on standard input, with a type, a name, or headers that show the type', async () => {
    const typed = await pipe(listings(2), 'load', '-', '--type', listingsType);
    assert.match(typed.stdout, /^standard input: loaded: 2 rows into listings$/m);
    const named = await pipe(
      orders([{ id: '1', status: 'Shipped' }]),
      'load',
      '-',
      '--name',
      `${ordersType}.txt`,
    );
    assert.match(named.stdout, new RegExp(`^${ordersType}\\.txt: loaded: 1 row into`));
    assert.match(named.stdout, new RegExp(`loaded as ${ordersType}: the file name`));
    const empty = await pipe('', 'load', '-', '--type', listingsType);
    assert.equal(empty.code, 1);
    assert.match(empty.stdout, /opening standard input: it is empty/);
    const none = await run('load', '-', '--type', listingsType);
    assert.match(none.stdout, /opening standard input: there is no input/);
  });

  it('in zip archives, each of the type that its name or that of the archive states', async () => {
    const entries = [
      { name: 'report/', content: '' },
      { name: `report/${ordersType}.txt`, content: orders([{ id: '1', status: 'Shipped' }]) },
      { name: '__MACOSX/._x', content: 'x' },
      { name: 'other.txt', content: listings(3) },
    ];
    file(`${listingsType}.zip`, zipOf(entries));
    const { code, stdout } = await run('load', `${listingsType}.zip`);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /zip\/other\.txt: loaded: 3 rows into listings\n +loaded as .*the name "/);
    assert.match(
      stdout,
      new RegExp(`zip/report/${ordersType}\\.txt: loaded: 1 row.*\n +loaded as .*the file name`),
    );
    assert.match(stdout, /^2 files: 2 loaded$/m);
  });

  it('in archives, whose times are those of their entries, otherwise of the archive', async () => {
    const dosDate = ((2025 - 1980) << 9) | (3 << 5) | 4;
    file('a.zip', zipOf([{ name: 'a.txt', content: listings(1), dosDate }]));
    file('b.zip', zipOf([{ name: 'b.txt', content: listings(2) }]));
    utimesSync(path('b.zip'), new Date('2024-05-06'), new Date('2024-05-06'));
    await run('load', 'a.zip', 'b.zip', '--type', listingsType);
    assert.deepEqual(await query('SELECT report_created_at::DATE::VARCHAR AS day FROM _loads ORDER BY 1'), [
      { day: '2024-05-06' },
      { day: '2025-03-04' },
    ]);
  });

  const good = { name: 'good.txt', content: listings(1) };
  const hostile: [what: string, entries: ZipEntry[], found: RegExp][] = [
    ['with a name that leads outside', [good, { name: '../../evil', content: 'x' }], /invalid relative path/],
    ['with an absolute name', [good, { name: '/etc/evil', content: 'x' }], /absolute path/],
    [
      'that unpacks to a thousand times its size',
      [{ name: 'a', content: Buffer.alloc(80e6) }],
      /more than 250 times/,
    ],
    [
      'whose entries share bytes',
      [
        { name: 'a', content: noise(2000) },
        { name: 'b', content: noise(2000), sharesBytesOf: 0 },
      ],
      /overlap/,
    ],
    [
      'with too many entries',
      Array.from({ length: 10_001 }, (_, index) => ({ name: `${index}`, content: '' })),
      /10001 entries; the limit is 10000/,
    ],
    ['with one name twice', [good, good], /it has good\.txt twice/],
    ['with more bytes than it states', [{ ...good, states: { size: 3 } }], /too many bytes/],
    ['with a wrong checksum', [{ ...good, states: { crc: 1 } }], /its checksum is wrong/],
    ['with an encrypted entry', [{ ...good, isEncrypted: true }], /it is encrypted/],
    ['with a link', [{ ...good, mode: 0o120777 }], /it is a link/],
    ['without files', [{ name: 'folder/', content: '' }], /it has no files/],
  ];
  for (const [what, entries, found] of hostile) {
    it(`and refuses an archive ${what}, and loads what is beside it`, async () => {
      file('hostile.zip', zipOf(entries));
      file('fine.txt', listings(2));
      const { code, stdout } = await run('load', 'hostile.zip', 'fine.txt', '--type', listingsType);
      assert.equal(code, 1);
      assert.match(stdout, /^hostile\.zip.*: failed: opening the archive /m);
      assert.match(stdout, found);
      assert.match(stdout, /^fine\.txt: loaded: 2 rows into listings$/m);
    });
  }

  it('and refuses an archive with an entry over the limit, or that is cut off', async () => {
    file('big.zip', zipOf([{ name: 'a.txt', content: noise(5000) }]));
    file('cut.zip', zipOf([good]).subarray(0, 60));
    const args = ['load', 'big.zip', 'cut.zip', '--type', listingsType, '--max-document-bytes', '4000'];
    const { stdout } = await run(...args);
    assert.match(stdout, /big\.zip: a\.txt unpacks to 5000 bytes; the limit is 4000/);
    assert.match(stdout, /^cut\.zip: failed: opening the archive .*End of central directory/im);
  });

  it('and shows control characters of names as escapes', async () => {
    file('a.zip', zipOf([{ name: 'a\x1b[31m.txt', content: listings(1) }]));
    const { stdout } = await run('load', 'a.zip', '--type', listingsType);
    assert.match(stdout, /^a\.zip\/a\\x1b\[31m\.txt: loaded/);
  });
});

describe('load of files of several marketplaces', () => {
  const { file, path, query, run } = commandFolder();

  it('keeps the rows of each, if their names or folders state the marketplace, and says so', async () => {
    mkdirSync(path('FR'));
    file('listings_DE.txt', listings(1));
    file('listings amazon.co.uk.txt', listings(2));
    writeFileSync(path('FR/listings.txt'), listings(3));
    const files = ['listings_DE.txt', 'listings amazon.co.uk.txt', 'FR'];
    const { stdout } = await run('load', ...files, '--type', listingsType);
    assert.match(stdout, /^listings_DE\.txt: .*\n {2}marketplace DE: the file name$/m);
    assert.match(stdout, /^FR\/listings\.txt: .*\n {2}marketplace FR: the name "FR"$/m);
    assert.deepEqual(
      await query(
        'SELECT _marketplace_ids AS ids, count(*)::INT AS rows FROM listings GROUP BY 1 ORDER BY 2',
      ),
      [
        { ids: ['A1PA6795UKMFR9'], rows: 1 },
        { ids: ['A1F83G8C2ARO7P'], rows: 2 },
        { ids: ['A13V1IB3VIYZZH'], rows: 3 },
      ],
    );
    await run('reload', '--type', listingsType);
    const decided = "SELECT list_sort(list(decisions->0->>'value'))::VARCHAR AS of FROM _loads";
    assert.deepEqual(await query(decided), [{ of: '[DE, FR, UK]' }]);
  });

  it('takes the given marketplace for all, if there is one', async () => {
    file('listings_DE.txt', listings(1));
    const { stdout } = await run('load', 'listings_DE.txt', '--type', listingsType, '--marketplace', 'US');
    assert.doesNotMatch(stdout, /^ +marketplace /m);
    assert.deepEqual(await query('SELECT DISTINCT _marketplace_ids AS ids FROM listings'), [
      { ids: ['ATVPDKIKX0DER'] },
    ]);
  });

  it('takes none from a name that states two, or only in small letters', () => {
    const of = (...names: string[]) => chooseMarketplace(names, listingsType)?.decision.value;
    assert.equal(of('DE_FR.txt'), undefined);
    assert.equal(of('DE_FR.txt', 'DE'), undefined);
    assert.equal(of('all in it.txt'), undefined);
    assert.equal(of('GB.txt'), 'UK');
    assert.equal(of('Amazon.com.tr orders.csv'), 'TR');
    assert.equal(of('amazon.com.csv'), 'US');
    assert.equal(of(`${listingsType}.txt`, 'amazon.de'), 'DE');
  });

  it('takes the marketplace that a document states for all of its rows, and none if they differ', async () => {
    const type = 'GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL';
    const shipments = (channels: string[]) =>
      ['amazon-order-id\tshipment-item-id\tsku\tquantity-shipped\tsales-channel']
        .concat(channels.map((channel, index) => `1-${index}\t${channel}-${index}\ta\t1\t${channel}`))
        .join('\n');
    const idsOf = async (text: string, of = type) => {
      const { stdout, stderr } = await run('load', file('some.txt', text), '--type', of);
      assert.match(stdout, /loaded/, stderr);
      const [newest] = (await query(
        'SELECT marketplace_ids AS ids FROM _loads ORDER BY loaded_at DESC LIMIT 1',
      )) as { ids: string[] }[];
      return [newest?.ids, /^ +marketplace .*$/m.exec(stdout)?.[0].trim()] as const;
    };
    assert.deepEqual(await idsOf(shipments(['Amazon.de', 'amazon.de'])), [
      ['A1PA6795UKMFR9'],
      'marketplace DE: sales_channel of all of its 2 rows',
    ]);
    for (const channels of [
      ['Amazon.de', 'Amazon.fr'],
      ['Amazon.de', ''],
      ['Amazon.de', 'Non-Amazon'],
      ['Amazon.de and others'],
    ]) {
      assert.deepEqual(await idsOf(shipments(channels)), [[], undefined], channels.join());
    }
    const traffic = {
      salesAndTrafficByDate: [],
      salesAndTrafficByAsin: [{ parentAsin: 'B0', trafficByAsin: { sessions: 1 } }],
    };
    const about = {
      reportType: 'GET_SALES_AND_TRAFFIC_REPORT',
      dataStartTime: '2026-10-01',
      dataEndTime: '2026-10-01',
    };
    for (const marketplaceIds of [['A1F83G8C2ARO7P'], ['A1F83G8C2ARO7P', 'A13V1IB3VIYZZH']]) {
      const text = JSON.stringify({ reportSpecification: { ...about, marketplaceIds }, ...traffic });
      assert.deepEqual((await idsOf(text, about.reportType))[0], marketplaceIds);
    }
  });

  it('takes the marketplace of any name with one id or code between other words', () => {
    const word = fc.stringMatching(/^[a-z0-9]{0,8}$/);
    const marks = fc.constantFrom('_', '-', ' ', '.', '+', '(');
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.entries(marketplaces)),
        word,
        marks,
        word,
        (known, a, mark, b) => {
          const [id, { country }] = known;
          for (const text of [id, country])
            assert.equal(chooseMarketplace([`${a}${mark}${text}${mark}${b}`], 'GET_X')?.marketplaceId, id);
        },
      ),
    );
  });
});

/** Bytes that do not compress. */
function noise(length: number): Buffer {
  let state = 1;
  const next = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state & 255;
  };
  return Buffer.from(Array.from({ length }, next));
}
