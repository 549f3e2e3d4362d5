import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import writeWorkbook from 'write-excel-file/node';
import { type Ran, runInProcess } from '../pipeline/world.js';

describe('the commands on report schemas', function () {
  this.timeout(20_000);
  let folder: string;

  const run = (...args: string[]): Promise<Ran> => runInProcess(args, { env: {}, cwd: folder });
  const file = (name: string, content: Buffer | string) => {
    writeFileSync(join(folder, name), content);
    return name;
  };
  const query = async (sql: string) => JSON.parse((await run('query', '--json', sql)).stdout) as unknown;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sp-reports-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  describe('of a type whose columns are not known', () => {
    const type = 'GET_EPR_MONTHLY_REPORTS';

    it('show says so, and how its reports come about', async () => {
      const { stdout } = await run('schemas', 'show', type);
      assert.match(stdout, /How it comes about: requested/);
      assert.match(
        stdout,
        /Table epr_monthly_reports, append: columns and types are taken from each document/,
      );
    });

    it('load takes columns and types from the document', async () => {
      file('epr.csv', 'Country,Category,Weight kg,ASIN\nDE,Paper,12.5,B1\nFR,"Wood, old",3,B2\n');
      assert.equal((await run('load', 'epr.csv', '--type', type)).code, 0);
      assert.deepEqual(await query('SELECT country, category, weight_kg, asin FROM epr_monthly_reports'), [
        { country: 'DE', category: 'Paper', weight_kg: '12.5000', asin: 'B1' },
        { country: 'FR', category: 'Wood, old', weight_kg: '3.0000', asin: 'B2' },
      ]);
    });

    it('load takes a workbook by its bytes, gzipped or not', async () => {
      const rows = [
        ['SKU', 'Fee', 'Note'],
        ['007', 1.5, 'é'],
      ];
      const workbook = await writeWorkbook(rows).toBuffer();
      file('fees.bin', workbook);
      file('fees.gz', gzipSync(workbook));
      for (const name of ['fees.bin', 'fees.gz']) {
        const { stdout } = await run('load', name, '--type', 'FEE_DISCOUNTS_REPORT', '--json');
        assert.deepEqual(JSON.parse(stdout).notes, []);
      }
      assert.deepEqual(await query('SELECT DISTINCT sku, fee, note FROM fee_discounts_report'), [
        { sku: '007', fee: '1.5000', note: 'é' },
      ]);
      assert.deepEqual(await query('SELECT DISTINCT charset, rejects FROM _loads'), [
        { charset: 'binary', rejects: '0' },
      ]);
    });

    it('a document with nothing but a header is empty, and not in error', async () => {
      file('epr.csv', 'Country,Category,Weight kg,ASIN\n');
      const { stdout } = await run('load', 'epr.csv', '--type', type, '--json');
      assert.equal(JSON.parse(stdout).status, 'empty');
    });
  });
});
