import type { DocumentCheck } from '../../schema/document-checks.js';
import type { ColumnType } from '../../schema/types.js';
import { differs, type Finding, type Scope } from './choice.js';
import { type DateOptions, type DateOrder, dateOrders, readingsOf, readTime } from './dates.js';
import { type Clue, clueOf } from './evidence.js';
import { type DecimalMark, decimalMarks, markEvidence } from './numbers.js';
import { SumEvidence } from './sum-evidence.js';
import { isNullText } from './values.js';

/** A column whose values are evidence. */
export interface EvidentColumn {
  name: string;
  type: ColumnType;
}

/** What a report says of itself that its rows can be compared with. */
export interface ReportFacts {
  /** Days since 1970, as written in the report's metadata. */
  createdDay?: number;
  period?: { firstDay: number; lastDay: number };
  /** The column whose dates lie in the period. */
  periodColumn?: string;
  checks: DocumentCheck[];
}

/** A value whose answer matters. */
export interface Example {
  column: string;
  text: string;
}

/** Zones differ by up to a day. */
const zoneDays = 1;

/** In a column with thousands marks, this many numbers must have one, and as many none. */
const minNumbers = 20;

/**
 * Columns that record what has happened when the report is made, by their names; `notYet` names
 * those that may be about the future.
 */
const past =
  /^(date|date_time|date_and_time)$|(^|_)(order|purchase|posted|return|refund|request|created?|creation|updated?|changed|received|shipment|shipped|snapshot|approval|adjusted|reported|event|transaction|open)(_|$)/;
const notYet =
  /expect|estimat|expir|releas|promis|due|sched|latest|earliest|(^|_)(by|end|start|until|next|to)(_|$)|valid|deliver|arriv|avail|future|launch|plan|forecast|deposit|effective|renew/;

/**
 * Compares the values of each row with each other and with what the report says of itself. It is
 * made only for documents in which single values leave a decision open.
 */
export class RowEvidence {
  private readonly dates: DateColumn[];
  private readonly numbers: NumberColumn[];
  private readonly pairs = new Map<string, Pair>();
  private readonly sums: SumEvidence;
  private readonly examples = new Map<Clue, Example>();

  constructor(
    columns: EvidentColumn[],
    report: ReportFacts,
    private readonly options: DateOptions,
  ) {
    this.dates = columns
      .filter(({ type: { kind } }) => kind === 'date' || kind === 'timestamp')
      .map((column) => new DateColumn(column, report));
    this.numbers = columns
      .filter(({ type: { kind } }) => kind === 'int64' || kind === 'decimal' || kind === 'float64')
      .map((column) => new NumberColumn(column));
    const amounts = columns.filter(({ type: { kind } }) => kind === 'decimal' || kind === 'float64');
    this.sums = new SumEvidence(
      amounts.map(({ name }) => name),
      report.checks,
    );
  }

  add(textOf: (column: string) => string | undefined): void {
    const open: { column: DateColumn; readings: Readings }[] = [];
    const settled: { name: string; day: number }[] = [];
    for (const column of this.dates) {
      const text = textOf(column.name);
      if (text === undefined || isNullText(text)) continue;
      this.keepExample(column.column, text);
      const readings = readingsOf(text, this.options);
      if (readings) {
        column.add(readings);
        open.push({ column, readings });
        continue;
      }
      const day = readTime(text, 'ymd', this.options)?.days;
      if (day !== undefined) settled.push({ name: column.name, day });
    }
    for (const { column, readings } of open) {
      for (const { name, day } of settled) this.pairOf(column.name, name).add(readings, day);
    }
    for (const column of this.numbers) {
      const text = textOf(column.column.name);
      if (text === undefined || isNullText(text)) continue;
      this.keepExample(column.column, text);
      column.add(text);
    }
    this.sums.add(textOf);
  }

  /** What rows and report say about the order of dates, the strongest first. */
  orderFindings({ columns }: Scope<DateOrder>, possible: DateOrder[]): Finding<DateOrder>[] {
    const among = this.dates.filter(({ name }) => columns.includes(name));
    const pairs = [...this.pairs.values()].filter(({ open }) => columns.includes(open));
    return [
      ...agreeing(
        pairs.filter((pair) => pair.hasSeveralDays).map((pair) => sameDay(pair, possible)),
        possible,
      ),
      ...agreeing(
        among.map((column) => ({
          keeps: column.within(possible),
          reason: `only so the column "${column.name}" lies in the report's data period`,
        })),
        possible,
      ),
      ...agreeing(
        among.map((column) => ({
          keeps: column.past(possible),
          reason: `otherwise the column "${column.name}" would have dates after the report was made`,
        })),
        possible,
      ),
    ];
  }

  /**
   * What the rows say if all of them have one day: another event may have come just as many days
   * later as another order would mean.
   */
  orderHint({ columns }: Scope<DateOrder>, possible: DateOrder[]): Finding<DateOrder> | undefined {
    const pairs = [...this.pairs.values()].filter(({ open }) => columns.includes(open));
    const found = agreeing(
      pairs.map((pair) => sameDay(pair, possible)),
      possible,
    ).find(({ keeps }) => keeps.length === 1);
    return found && { ...found, reason: `as ${found.reason}, all of one day` };
  }

  /** What rows say about the decimal mark, the strongest first. */
  markFindings({ columns }: Scope<DecimalMark>): Finding<DecimalMark>[] {
    const among = this.numbers.filter(({ column }) => columns.includes(column.name));
    return [
      ...agreeing(this.sums.findings(), decimalMarks),
      ...agreeing(
        among.map((column) => ({
          keeps: column.grouped(),
          reason: `in the column "${column.column.name}", numbers from 1000 on have a mark and no others`,
        })),
        decimalMarks,
      ),
    ];
  }

  /** The first value in the columns that differs among these answers. */
  example<Option extends string>(
    { columns, counts }: Scope<Option>,
    possible: readonly Option[],
  ): Example | undefined {
    const clues = new Set(
      counts.filter(({ readings }) => differs(readings, possible)).map(({ clue }) => clue),
    );
    return this.exampleOf((clue, { column }) => clues.has(clue) && columns.includes(column));
  }

  /** The first value of which this holds. */
  exampleOf(is: (clue: Clue, example: Example) => boolean): Example | undefined {
    for (const [key, example] of this.examples) {
      if (is(key.slice(key.indexOf('\n') + 1), example)) return example;
    }
    return undefined;
  }

  private keepExample(column: EvidentColumn, text: string): void {
    const clue = clueOf(column.type, text);
    if (clue === undefined) return;
    const key = `${column.name}\n${clue}`;
    if (!this.examples.has(key)) this.examples.set(key, { column: column.name, text: text.trim() });
  }

  private pairOf(open: string, settled: string): Pair {
    const key = `${open}\n${settled}`;
    const pair = this.pairs.get(key) ?? new Pair(open, settled);
    this.pairs.set(key, pair);
    return pair;
  }
}

type Readings = Partial<Record<DateOrder, number>>;

function sameDay(pair: Pair, possible: DateOrder[]): Finding<DateOrder> {
  return {
    keeps: pair.near(possible),
    reason: `it is the day of the column "${pair.settled}" in the same rows`,
  };
}

/**
 * The findings that leave some of the answers and not all. None if they exclude each other: then
 * what they rest on does not hold here.
 */
function agreeing<Option>(findings: Finding<Option>[], possible: readonly Option[]): Finding<Option>[] {
  const telling = findings.filter(({ keeps }) => keeps.length > 0 && keeps.length < possible.length);
  const isShared = possible.some((option) => telling.every(({ keeps }) => keeps.includes(option)));
  return isShared ? telling : [];
}

/** What the dates of one column are in each order. */
class DateColumn {
  private readonly counts: Record<DateOrder, { after: number; outside: number }>;
  private readonly isPast: boolean;

  constructor(
    readonly column: EvidentColumn,
    private readonly report: ReportFacts,
  ) {
    this.isPast = past.test(this.name) && !notYet.test(this.name);
    const none = () => ({ after: 0, outside: 0 });
    this.counts = { mdy: none(), dmy: none(), ymd: none() };
  }

  get name(): string {
    return this.column.name;
  }

  add(readings: Readings): void {
    const { createdDay = Number.POSITIVE_INFINITY, period } = this.report;
    for (const order of dateOrders) {
      const day = readings[order];
      if (day === undefined) continue;
      if (day > createdDay + zoneDays) this.counts[order].after += 1;
      if (period && (day < period.firstDay - zoneDays || day > period.lastDay + zoneDays))
        this.counts[order].outside += 1;
    }
  }

  /** The orders in which all dates lie in the data period. */
  within(possible: DateOrder[]): DateOrder[] {
    const { period, periodColumn } = this.report;
    if (!period || periodColumn !== this.name) return [];
    return possible.filter((order) => this.counts[order].outside === 0);
  }

  /** The orders in which no date is after the report was made. */
  past(possible: DateOrder[]): DateOrder[] {
    return this.isPast ? possible.filter((order) => this.counts[order].after === 0) : [];
  }
}

/** Dates of one column whose order is open, and those of another column of the same rows. */
class Pair {
  private rows = 0;
  /** Two of the days that have different readings. */
  private readonly days = new Set<number>();
  private readonly nearRows: Record<DateOrder, number> = { mdy: 0, dmy: 0, ymd: 0 };
  private readonly equalRows: Record<DateOrder, number> = { mdy: 0, dmy: 0, ymd: 0 };

  constructor(
    readonly open: string,
    readonly settled: string,
  ) {}

  add(readings: Readings, day: number): void {
    this.rows += 1;
    if (this.days.size < 2 && new Set(Object.values(readings)).size > 1) this.days.add(day);
    for (const order of dateOrders) {
      const distance = Math.abs((readings[order] ?? Number.NaN) - day);
      if (distance <= zoneDays) this.nearRows[order] += 1;
      if (distance === 0) this.equalRows[order] += 1;
    }
  }

  get hasSeveralDays(): boolean {
    return this.days.size > 1;
  }

  /** The orders in which both columns have the same day in all rows, apart from zones. */
  near(possible: DateOrder[]): DateOrder[] {
    return possible.filter((order) => this.nearRows[order] === this.rows && this.equalRows[order] > 0);
  }
}

/** How the numbers of one column are written. */
class NumberColumn {
  /** Numbers of up to three digits without a mark, and longer ones. */
  private short = 0;
  private long = 0;
  /** Numbers that may have a thousands mark, and all others that have a mark. */
  private readonly either: Record<DecimalMark, number> = { '.': 0, ',': 0 };
  private marked = 0;

  constructor(readonly column: EvidentColumn) {}

  add(text: string): void {
    const evidence = markEvidence(text);
    if (evidence === 'either') this.either[text.includes('.') ? '.' : ','] += 1;
    else if (evidence) this.marked += 1;
    else if (/[1-9]/.test(text)) {
      if ((text.match(/\d/g) ?? []).length > 3) this.long += 1;
      else this.short += 1;
    }
  }

  /**
   * The mark that remains if the other one separates thousands: it is in many numbers, and those
   * without it are below 1000. Decimals would have one, two or three digits behind their mark.
   */
  grouped(): DecimalMark[] {
    const { short, long, marked, either } = this;
    if (short < minNumbers || long > 0 || marked > 0) return [];
    if (either['.'] === 0 && either[','] >= minNumbers) return ['.'];
    return either[','] === 0 && either['.'] >= minNumbers ? [','] : [];
  }
}
