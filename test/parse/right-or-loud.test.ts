import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Decision } from '../../src/schema/findings.js';
import { documentOf } from './document-of.js';
import { readRows } from './read-rows.js';
import { type WrittenTable, writtenTable } from './written-tables.js';
import { runs } from '../property-runs.js';

/** What became of the values of one table. */
interface Outcome {
  right: number;
  rejected: number;
  /** Wrong values in columns that no warning is about. */
  silentlyWrong: string[];
  wrong: number;
  warnings: number;
}

/** The warnings that are about the values of a column. */
const warningsOf: Record<string, RegExp> = {
  date: /^DATE_ORDER_/,
  order_time: /^(DATE_ORDER_|TIME_ZONE_)/,
  other_day: /^$/,
  amount: /^DECIMAL_MARK_/,
  pieces: /^DECIMAL_MARK_/,
};

async function outcomeOf(table: WrittenTable, engine: 'columnar' | 'reference'): Promise<Outcome> {
  const { text, facts, schema, earlierOrder, meant } = table;
  const earlier: Decision[] =
    earlierOrder === undefined
      ? []
      : [{ subject: 'date_order', value: earlierOrder, reason: '', isProven: true }];
  const { rows, rejects, parsed } = await readRows(documentOf(text, facts), schema, engine, earlier);
  const codes = (parsed.warnings ?? []).map(({ code }) => code);
  const outcome: Outcome = { right: 0, rejected: 0, silentlyWrong: [], wrong: 0, warnings: codes.length };
  for (const [index, values] of meant.entries()) {
    for (const [column, value] of Object.entries(values)) {
      const isRejected = rejects.some((reject) => reject.row === index + 1 && reject.column === column);
      const found = rows[index]?.[column] ?? '';
      if (isRejected) outcome.rejected += 1;
      else if (found === value) outcome.right += 1;
      else if (codes.some((code) => warningsOf[column]?.test(code))) outcome.wrong += 1;
      else outcome.silentlyWrong.push(`row ${index + 1}, ${column}: ${found} instead of ${value}`);
    }
  }
  return outcome;
}

describe('a table of dates, times and numbers, in whatever way it is written', () => {
  it('has each value as it is meant, or a reject, or the document has a warning', async () => {
    const counts = { tables: 0, right: 0, warned: 0, rejected: 0, wrongThoughWarned: 0 };
    await fc.assert(
      fc.asyncProperty(
        writtenTable,
        fc.constantFrom('columnar' as const, 'reference' as const),
        async (table, engine) => {
          const { rejected, wrong, silentlyWrong, warnings } = await outcomeOf(table, engine);
          counts.tables += 1;
          if (warnings > 0) counts.warned += 1;
          else if (rejected > 0) counts.rejected += 1;
          else counts.right += 1;
          if (wrong > 0) counts.wrongThoughWarned += 1;
          assert.deepEqual(silentlyWrong, [], table.text);
        },
      ),
      { numRuns: runs(400) },
    );
    const { tables, right, warned, rejected, wrongThoughWarned } = counts;
    // Neither warnings nor rejects are the usual answer.
    assert.ok(right > tables / 2, JSON.stringify(counts));
    assert.ok(warned > 0 && warned < tables / 2, JSON.stringify(counts));
    if (process.env.PROPERTY_RUNS) {
      console.log(
        `${tables} tables: ${right} right, ${warned} with a warning (${wrongThoughWarned} of them have wrong values), ${rejected} with rejects, 0 silently wrong`,
      );
    }
  });
});
