import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DocumentChecks } from '../../src/parse/checks/document-checks.js';
import { profileDocument } from '../../src/parse/sample/profile.js';
import { parseDocument } from '../../src/parse/parse-document.js';
import { packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';
import type { CheckResult } from '../../src/schema/document-checks.js';
import type { ReportSchema } from '../../src/schema/types.js';
import { documentOf } from './document-of.js';
import { runs } from '../property-runs.js';

const schemas = readSchemas({ folders: [packagedSchemasFolder()] });
const settlement = schemas.get('GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2');
const engines = ['columnar', 'reference'] as const;

async function checksOf(
  text: string,
  schema: ReportSchema | undefined,
  engine: (typeof engines)[number],
): Promise<CheckResult[]> {
  assert.ok(schema);
  const parsed = await parseDocument({ document: documentOf(text), schema, engine, batchRows: 3 });
  const checks = new DocumentChecks(parsed.tables);
  for await (const { table, batch } of parsed.batches) checks.add(table, batch);
  return checks.results();
}

/** Lines of a settlement: its summary, then its amounts. */
function settlementText(id: string, total: string, amounts: string[]): string {
  return [[id, total, ''], ...amounts.map((amount) => [id, '', amount])]
    .map((cells) => cells.join('\t'))
    .join('\n');
}

const header = 'settlement-id\ttotal-amount\tamount\n';

const result = (per: string, expected: string, found: string): CheckResult => ({
  table: 'settlement_v2',
  name: 'total',
  per: { settlement_id: per },
  expected,
  found,
  ok: expected === found,
});

describe('the totals that documents carry', () => {
  for (const engine of engines) {
    describe(`and the ${engine} engine reads`, () => {
      it('match in a settlement whose amounts add up, also with a decimal comma', async () => {
        const american = header + settlementText('1', '582.89', ['1,129.99', '10.40', '-557.50']);
        assert.deepEqual(await checksOf(american, settlement, engine), [result('1', '582.89', '582.89')]);
        const european = header + settlementText('1', '1.141,18', ['1.200,00', '-58,82']);
        assert.deepEqual(await checksOf(european, settlement, engine), [result('1', '1141.18', '1141.18')]);
      });

      it('do not match if an amount is missing or is not a number', async () => {
        const text = header + settlementText('1', '30.00', ['10.00', 'free', '10.00']);
        assert.deepEqual(await checksOf(text, settlement, engine), [result('1', '30', '20')]);
      });

      it('are checked for each settlement separately, wherever its rows are', async () => {
        const [first, ...rest] = settlementText('1', '5', ['2', '3']).split('\n');
        const text = `${header}${first}\n${settlementText('2', '-1.5', ['-1'])}\n${rest.join('\n')}\n`;
        assert.deepEqual(await checksOf(text, settlement, engine), [
          result('2', '-1.5', '-1'),
          result('1', '5', '5'),
        ]);
      });

      it('are not checked if the document has no total, or no column to add up', async () => {
        assert.deepEqual(await checksOf(`${header}1\t\t5\n`, settlement, engine), []);
        assert.deepEqual(await checksOf('settlement-id\ttotal-amount\n1\t5\n', settlement, engine), []);
      });

      it('cover every column that an older settlement spreads its amounts over', async () => {
        const text =
          'settlement-id\ttotal-amount\tprice-amount\titem-related-fee-amount\tother-amount\n' +
          '1\t7.5\t\t\t\n1\t\t10\t\t\n1\t\t\t-2.5\t\n1\t\t\t\t0.00\n';
        const old = schemas.get('GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE');
        assert.deepEqual(await checksOf(text, old, engine), [
          { ...result('1', '7.5', '7.5'), table: 'settlement_v1' },
        ]);
      });

      it('are compared exactly for amounts of any size and number', async () => {
        const cents = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
        const money = (value: bigint) => {
          const text = String(value < 0n ? -value : value).padStart(3, '0');
          return `${value < 0n ? '-' : ''}${text.slice(0, -2)}.${text.slice(-2)}`;
        };
        await fc.assert(
          fc.asyncProperty(fc.array(cents, { maxLength: 40 }), fc.boolean(), async (values, isRight) => {
            const total = values.reduce((sum, value) => sum + value, isRight ? 0n : 1n);
            const text = header + settlementText('1', money(total), values.map(money));
            const [found] = await checksOf(text, settlement, engine);
            assert.equal(found?.ok, isRight);
          }),
          { numRuns: runs(30) },
        );
      });
    });
  }

  it('match for integers of JSON documents too', async () => {
    const schema: ReportSchema = {
      reportType: 'GET_TEST',
      description: '',
      format: 'json',
      quoting: 'none',
      restricted: false,
      file: '',
      tables: [
        {
          name: 'clicks',
          rows: 'days',
          load: { mode: 'append', key: [] },
          checks: [{ name: 'all', sum: ['clicks'], equals: 'total', per: [] }],
          columns: [
            { name: 'clicks', from: ['clicks'], type: { kind: 'int64' } },
            { name: 'total', from: ['$.total'], type: { kind: 'int64' } },
          ],
        },
      ],
    };
    const text = (total: string) => `{"total":${total},"days":[{"clicks":1},{"clicks":9007199254740993},{}]}`;
    const [right] = await checksOf(text('9007199254740994'), schema, 'columnar');
    assert.deepEqual(right, {
      table: 'clicks',
      name: 'all',
      per: {},
      expected: '9007199254740994',
      found: '9007199254740994',
      ok: true,
    });
    assert.equal((await checksOf(text('9007199254740993'), schema, 'columnar'))[0]?.ok, false);
  });

  it('are checked in a sample too', async () => {
    assert.ok(settlement);
    const document = documentOf(header + settlementText('1', '3', ['1']));
    const parsed = await parseDocument({ document, schema: settlement, engine: 'reference' });
    assert.deepEqual((await profileDocument(parsed)).checks, [result('1', '3', '1')]);
  });
});
