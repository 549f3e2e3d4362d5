import { type LineProblem, readCsvLines } from './csv-lines.js';
import { dayAfter, isDay } from './days.js';
import { divideDecimals, readDecimal } from './decimal-text.js';

/** What one unit of a currency is worth on a day. Numbers are in canonical spelling. */
export interface Rate {
  date: string;
  currency: string;
  /** In the reporting currency. */
  rate: string;
  /** What one unit of the reporting currency is worth in the currency. */
  inverse: string;
  /** The last day with rates that is not later than `date`. */
  publishedOn: string;
}

/** The bank publishes on working days; around Easter and Christmas there are five days between. */
const maxCarriedDays = 6;
const scale = 9;

/**
 * Reads the rates of a file in the format of the European Central Bank: units per euro, a column
 * per currency. A day between two others with rates has those of the day before, as far as that is
 * a week at most; no rate is carried beyond the last day. `since`: by default the third January
 * before the newest rate.
 */
export function readRates(
  text: string,
  { currency: reporting, since }: { currency: string; since?: string },
): { rates: Rate[]; problems: LineProblem[] } {
  const date = { name: 'date', headers: ['date'] };
  const { header, problems: unreadable } = readCsvLines(text, [date]);
  const currencies = [...new Set(header.filter((cell) => /^[A-Z]{3}$/.test(cell)))];
  const columns = currencies.map((name) => ({ name, headers: [name] }));
  const { lines, problems: inLines } = readCsvLines(text, [date, ...columns]);
  const problems = unreadable.length > 0 ? unreadable : inLines;
  const problem = (line: number, message: string) => void problems.push({ line, message });
  if (problems.length === 0 && reporting !== 'EUR' && !currencies.includes(reporting)) {
    problem(1, `the reporting currency ${reporting} has no column; found ${currencies.join(', ')}`);
  }
  const days = new Map<string, { line: number; perEuro: Map<string, string> }>();
  for (const { line, cells } of lines) {
    const { date: day = '' } = cells;
    const earlier = days.get(day);
    if (!isDay(day)) problem(line, `expected a day such as 2026-01-31, found "${day}"`);
    else if (earlier) problem(line, `${day} already has rates, in line ${earlier.line}`);
    const perEuro = new Map([['EUR', '1']]);
    for (const name of currencies) {
      const cell = cells[name] ?? '';
      if (cell === '' || cell === 'N/A') continue;
      const found = readDecimal(cell, { maxFraction: 10, isCommaMark: false });
      if ('problem' in found) problem(line, `${name}: ${found.problem}`);
      else if (found.value === '0') problem(line, `${name}: the rate is 0`);
      else perEuro.set(name, found.value);
    }
    days.set(day, { line, perEuro });
  }
  if (problems.length === 0 && days.size === 0) problem(1, 'the file has no rates');
  if (problems.length > 0) return { rates: [], problems: problems.sort((a, b) => a.line - b.line) };
  return { rates: ratesOf(days, reporting, since), problems };
}

function ratesOf(
  days: Map<string, { perEuro: Map<string, string> }>,
  reporting: string,
  since: string | undefined,
): Rate[] {
  const published = [...days.keys()].sort();
  const newest = published.at(-1) ?? '';
  const first = since ?? `${Number(newest.slice(0, 4)) - 2}-01-01`;
  const rates: Rate[] = [];
  for (const [index, publishedOn] of published.entries()) {
    const perEuro = days.get(publishedOn)?.perEuro ?? new Map<string, string>();
    const target = perEuro.get(reporting);
    if (target === undefined) continue;
    const next = published[index + 1];
    for (let carried = 0; carried <= maxCarriedDays; carried += 1) {
      const date = dayAfter(publishedOn, carried) ?? publishedOn;
      if (carried > 0 && (next === undefined || date >= next)) break;
      if (date < first) continue;
      for (const [currency, source] of perEuro) {
        const rate = divideDecimals(target, source, scale);
        rates.push({ date, currency, rate, inverse: divideDecimals(source, target, scale), publishedOn });
      }
    }
  }
  return rates;
}
