import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type DateOptions, type DateOrder, readTime } from '../../src/parse/values/dates.js';
import { clueOf } from '../../src/parse/values/evidence.js';
import { orderOfZone } from '../../src/parse/values/habits.js';

const utc = (text: string, order: DateOrder = 'mdy', options: DateOptions = {}) => {
  const time = readTime(text, order, options);
  return time && new Date(Number(time.micros / 1000n)).toISOString();
};

describe('dates and times', () => {
  it('are read in every format that documents have', () => {
    for (const [text, expected, order] of [
      ['2026-06-16 00:00:00 UTC', '2026-06-16T00:00:00.000Z'],
      ['2015-12-02T03:27:08+00:00', '2015-12-02T03:27:08.000Z'],
      ['2015-12-02T03:27:08-0800', '2015-12-02T11:27:08.000Z'],
      ['2015-12-02T03:27:08.123Z', '2015-12-02T03:27:08.123Z'],
      ['2022-03-15 02:26:37 PDT', '2022-03-15T09:26:37.000Z'],
      ['08/07/2016 10:12:40 BST', '2016-07-08T09:12:40.000Z', 'dmy'],
      ['28-Aug-2026 UTC', '2026-08-28T00:00:00.000Z'],
      ['15-06-2025 10:22:11', '2025-06-15T10:22:11.000Z', 'dmy'],
      ['14.03.2023 07:49:55 UTC', '2023-03-14T07:49:55.000Z'],
      ['14.03.2023 07:49:55 MEZ', '2023-03-14T06:49:55.000Z'],
      ['Jan 5, 2026 1:23:45 PM PST', '2026-01-05T21:23:45.000Z'],
      ['Jan 5, 2026 12:00:00 AM UTC', '2026-01-05T00:00:00.000Z'],
      ['10/31/2026', '2026-10-31T00:00:00.000Z'],
      ['10/31/26', '2026-10-31T00:00:00.000Z'],
      ['2024/01/31 10:20:30 JST', '2024-01-31T01:20:30.000Z'],
      ['06/2026', '2026-06-01T00:00:00.000Z'],
      ['2026-06', '2026-06-01T00:00:00.000Z'],
      ['5. März 2024', '2024-03-05T00:00:00.000Z'],
      ['5 déc. 2024', '2024-12-05T00:00:00.000Z'],
    ] as const) {
      assert.equal(utc(text, order), expected, text);
    }
  });

  it('are not read if they are not in the calendar, or not dates', () => {
    for (const text of [
      '',
      'x',
      '2026-02-30',
      '31.02.2026',
      '2026-13-01',
      '2026-10-01 25:00',
      '10/31/2026 x',
      '2026-10-01 10:00 QQQ',
      '12',
      'May',
    ]) {
      assert.equal(readTime(text, 'mdy'), undefined, text);
    }
  });

  it('keep the date as written, in any time zone', () => {
    assert.equal(readTime('14.03.2023 23:30:00 PST', 'dmy')?.days, Date.UTC(2023, 2, 14) / 86_400_000);
  });

  it('read back as written, in the order of the document', () => {
    const day = fc.date({ min: new Date('1000-01-01'), max: new Date('9998-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(day, fc.constantFrom('mdy' as const, 'dmy' as const), (date, order) => {
        const [year, month, dayOfMonth] = date.toISOString().slice(0, 10).split('-');
        const clock = date.toISOString().slice(11, 19);
        const expected = `${year}-${month}-${dayOfMonth}T${clock}.000Z`;
        const slashed = order === 'mdy' ? `${month}/${dayOfMonth}/${year}` : `${dayOfMonth}/${month}/${year}`;
        for (const written of [slashed, `${year}-${month}-${dayOfMonth}`, `${dayOfMonth}.${month}.${year}`]) {
          assert.equal(utc(`${written} ${clock} UTC`, order), expected);
        }
      }),
    );
  });

  it('reveal the order of day and month only if they can', () => {
    const clue = (text: string) => clueOf({ kind: 'timestamp' }, text);
    assert.equal(clue('31/10/2026'), 'date dmy');
    assert.equal(clue('10/31/2026'), 'date mdy');
    assert.equal(clue('03/04/2026'), 'date mdy,dmy');
    assert.equal(clue('04/04/2026'), 'date mdy=dmy');
    assert.equal(clue('26/11/5'), 'date ymd');
    assert.equal(clue('26/12/24'), 'date dmy,ymd');
    assert.equal(clue('05.06.07'), 'date mdy=dmy,ymd');
    assert.equal(clue('2026-10-31'), undefined);
    assert.equal(clue('14.03.2026'), undefined);
    assert.equal(clue('31/10/2026 x'), undefined);
    assert.equal(clue('03/04/2026 10:00:00 BST'), 'date mdy,dmy BST');
    assert.equal(clue('2026-10-31 10:00:00 IST'), 'date - IST');
    assert.equal(orderOfZone('BST'), 'dmy');
    assert.equal(orderOfZone('PDT'), 'mdy');
    assert.equal(orderOfZone('UTC'), undefined);
  });
});
