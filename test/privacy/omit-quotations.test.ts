import assert from 'node:assert/strict';
import fc from 'fast-check';
import { warning } from '../../src/errors/warnings.js';
import { omitQuotations } from '../../src/privacy/omit-quotations.js';

const names = new Set(['born_on', 'Date and Time']);
const about = (message: string) => ({ notes: [], warnings: [{ code: 'TOTALS_DIFFER' as const, message }] });
const omitted = (message: string) => omitQuotations(about(message), names).warnings?.[0]?.message;

describe('a warning without quotations', () => {
  it('has neither the value nor how it was read, but names and counts', () => {
    assert.equal(
      omitted(
        '12 dates, such as "05/03/1990" in born_on: 1990-05-03 (month first) or 1990-03-05 (day first).',
      ),
      '12 dates, such as "…" in born_on: … (month first) or … (day first).',
    );
    assert.equal(
      omitted('the column "Date and Time" of 1,000 rows'),
      'the column "Date and Time" of 1,000 rows',
    );
    assert.equal(omitted('read as cp1252 and UTF-8, such as “Ann”'), 'read as cp1252 and UTF-8, such as "…"');
    assert.equal(omitted('no quotation at all: 1990-05-03'), 'no quotation at all: 1990-05-03');
  });

  it('omits the reasons of decisions too, and keeps what was decided', () => {
    const decisions = [
      { subject: 'date_order' as const, value: 'day first', reason: 'only so "13/03/1990" is read' },
    ];
    assert.deepEqual(omitQuotations({ notes: [], decisions }, names).decisions, [
      { subject: 'date_order', value: 'day first', reason: 'only so "…" is read' },
    ]);
  });

  it('never has a value that JSON.stringify quoted, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (value) => {
        const { message } = warning('TOTALS_DIFFER', {
          found: `such as ${JSON.stringify(value)} in born_on`,
        });
        assert.equal(omitted(message), 'such as "…" in born_on');
      }),
    );
  });
});
