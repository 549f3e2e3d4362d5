import { type Warning, warning } from '../../errors/warnings.js';
import type { Decision } from '../../schema/findings.js';
import { marketplaces } from '../../schema/marketplaces.js';
import type { ColumnSchema, TableSchema } from '../../schema/types.js';
import type { DocumentMetadata } from '../../source/types.js';
import { pluralize } from '../../text/pluralize.js';
import { answer, type Problem } from './answer-question.js';
import { differs, type Scope, type Finding } from './choice.js';
import { type DateOptions, type DateOrder, dateOrders, readingsOf } from './dates.js';
import { type Evidence, marksOf, ordersOf, writtenMarkOf, zoneOf } from './evidence.js';
import { hasWholeAmounts, markOfCountries, orderOfCountries, orderOfZone } from './habits.js';
import { type DecimalMark, decimalMarks, readNumber } from './numbers.js';
import { type EvidentColumn, type ReportFacts, RowEvidence } from './row-evidence.js';
import type { ValueRules } from './values.js';
import { isUncertainZone, zoneMinutes, zonesOf } from './zones.js';

/** What the values of a document are decided by, besides the values. */
export interface DecisionBasis {
  metadata: DocumentMetadata;
  /** Columns of the schema that declare an order of dates. */
  declared: Pick<ColumnSchema, 'name' | 'dateOrder'>[];
  /** The column whose dates lie in the data period of the report. */
  periodColumn: string | undefined;
  checks?: TableSchema['checks'];
  earlier: EarlierDecisions;
  /** The decimal mark if the format has only one, as JSON and XML do. */
  decimalMark?: DecimalMark;
}

/**
 * Returns what was decided for earlier documents of the same seller, report type and marketplaces.
 */
export type EarlierDecisions = () => Promise<Decision[]>;

/** The values of one row, by the name of their column. */
export type TextOf = (column: string) => string | undefined;

export interface DecidedRules {
  rules: ValueRules;
  warnings: Warning[];
  decisions: Decision[];
}

/** The rules before any value is known. */
export function usualRules({
  metadata,
  declared,
  decimalMark,
}: Pick<DecisionBasis, 'metadata' | 'declared' | 'decimalMark'>): ValueRules {
  const countries = countriesOf(metadata);
  return {
    decimalMark: decimalMark ?? markOfCountries(countries),
    dateOrder: declared[0]?.dateOrder ?? orderOfCountries(countries, ['mdy', 'dmy']),
    ...readingOptions(metadata),
  };
}

/**
 * Decides decimal mark and order of dates from the evidence, the strongest first: what only one
 * reading explains; other columns of the same row; the report's period and creation time; what was
 * proven for earlier documents; the schema; the time zones and the marketplace. docs/decisions.md
 * describes the order. `readRows` reads the rows of the document; it is called only if the values
 * alone decide nothing.
 */
export async function decideRules(
  evidence: Evidence,
  basis: DecisionBasis,
  columns: EvidentColumn[],
  readRows: () => AsyncIterable<TextOf>,
): Promise<DecidedRules> {
  const { metadata } = basis;
  const usual = usualRules(basis);
  let known: Promise<RowEvidence> | undefined;
  const rows = () => {
    known ??= collect(columns, reportFacts(basis), readingOptions(metadata), readRows);
    return known;
  };
  const marks = await answer(
    markProblem(basis, { evidence, rows, decidedBefore: basis.earlier, fallback: usual.decimalMark }),
  );
  const orders = await answer(
    orderProblem(basis, { evidence, rows, decidedBefore: basis.earlier, fallback: usual.dateOrder }),
  );
  const own = new Map<string, Partial<Pick<ValueRules, 'decimalMark' | 'dateOrder'>>>();
  for (const [column, decimalMark] of marks.ofColumns) own.set(column, { decimalMark });
  for (const [column, dateOrder] of orders.ofColumns) own.set(column, { ...own.get(column), dateOrder });
  return {
    rules: {
      ...usual,
      decimalMark: marks.value,
      dateOrder: orders.value,
      ...(own.size > 0 ? { columns: own } : {}),
    },
    warnings: [...marks.warnings, ...orders.warnings, ...(await zoneWarnings(evidence, metadata, rows))],
    decisions: [...marks.decisions, ...orders.decisions],
  };
}

type Given<Option extends string> = Pick<Problem<Option>, 'evidence' | 'rows' | 'decidedBefore' | 'fallback'>;

function orderProblem({ metadata, declared }: DecisionBasis, given: Given<DateOrder>): Problem<DateOrder> {
  const countries = countriesOf(metadata);
  const options = readingOptions(metadata);
  return {
    ...given,
    subject: 'date_order',
    options: dateOrders,
    readingsOf: ordersOf,
    noun: 'date',
    words: { mdy: 'month first', dmy: 'day first', ymd: 'year first' },
    findings: (rows, scope, possible) => rows.orderFindings(scope, possible),
    hint: (rows, scope, possible) => rows.orderHint(scope, possible),
    declared({ columns }) {
      const own = declared.find(({ name }) => columns.includes(name));
      return (own ?? declared[0])?.dateOrder;
    },
    doubt(scope, order) {
      const zone = orderOfZones(scope);
      return zone && zone.order !== order ? `it is unusual in the time zone ${zone.name}` : undefined;
    },
    habit(scope, possible) {
      const zone = orderOfZones(scope);
      if (zone && possible.includes(zone.order))
        return { value: zone.order, reason: `usual in the time zone ${zone.name}` };
      return { value: orderOfCountries(countries, possible), reason: habitOf(countries) };
    },
    shown(text, order) {
      const days = readingsOf(text, options)?.[order];
      return days === undefined ? undefined : new Date(days * 86_400_000).toISOString().slice(0, 10);
    },
    guessed: 'DATE_ORDER_GUESSED',
    mixed: 'DATE_ORDER_MIXED',
  };
}

function markProblem(
  { metadata, decimalMark }: DecisionBasis,
  given: Given<DecimalMark>,
): Problem<DecimalMark> {
  const countries = countriesOf(metadata);
  return {
    ...given,
    subject: 'decimal_mark',
    options: decimalMarks,
    readingsOf: decimalMark === undefined ? marksOf : () => undefined,
    noun: 'number',
    words: { '.': 'decimal point', ',': 'decimal comma' },
    findings: (rows, scope) => [...rows.markFindings(scope), ...wholeAmounts(scope, countries)],
    hint: () => undefined,
    declared: () => undefined,
    doubt: () => undefined,
    habit: () => ({ value: markOfCountries(countries), reason: habitOf(countries) }),
    shown: readNumber,
    guessed: 'DECIMAL_MARK_GUESSED',
    mixed: 'DECIMAL_MARK_MIXED',
  };
}

/** Amounts in a currency without fractions have no mark but that of thousands. */
function wholeAmounts(scope: Scope<DecimalMark>, countries: string[]): Finding<DecimalMark>[] {
  const open = scope.counts.filter(({ readings }) => differs(readings, decimalMarks));
  if (!open.every(({ column }) => hasWholeAmounts(column, countries))) return [];
  const written = new Set(open.map(({ clue }) => writtenMarkOf(clue)));
  const keeps = decimalMarks.filter((mark) => !written.has(mark));
  return [{ keeps, reason: 'amounts in the currency of the marketplace have no fractions' }];
}

/** The order that is usual in the zones that most of the dates name. */
function orderOfZones({ counts }: Scope<DateOrder>): { order: DateOrder; name: string } | undefined {
  const votes: Record<DateOrder, number> = { mdy: 0, dmy: 0, ymd: 0 };
  const names: Partial<Record<DateOrder, string>> = {};
  for (const { clue, times } of counts) {
    const zone = zoneOf(clue);
    const order = zone === undefined ? undefined : orderOfZone(zone);
    if (order === undefined) continue;
    votes[order] += times;
    names[order] ??= zone;
  }
  if (votes.mdy === votes.dmy) return undefined;
  const order = votes.mdy > votes.dmy ? 'mdy' : 'dmy';
  return { order, name: names[order] ?? '' };
}

function habitOf(countries: string[]): string {
  const names = [...new Set(countries)];
  return names.length > 0 ? `usual in the marketplace ${names.join(', ')}` : 'as no marketplace is known';
}

/** Warnings of zone names that could mean another zone. */
async function zoneWarnings(
  evidence: Evidence,
  metadata: DocumentMetadata,
  rows: () => Promise<RowEvidence>,
): Promise<Warning[]> {
  const countries = countriesOf(metadata);
  const counts = new Map<string, number>();
  for (const [, clues] of evidence.entries()) {
    for (const [clue, times] of clues) {
      const zone = zoneOf(clue);
      if (zone === undefined || !isUncertainZone(zone, countries)) continue;
      counts.set(zone, (counts.get(zone) ?? 0) + times);
    }
  }
  const warnings: Warning[] = [];
  for (const [zone, count] of [...counts].sort()) {
    const example = (await rows()).exampleOf((clue) => zoneOf(clue) === zone);
    const minutes = zoneMinutes[zone] ?? 0;
    warnings.push(
      warning('TIME_ZONE_GUESSED', {
        count: pluralize(count, 'time'),
        zone,
        example: JSON.stringify(example?.text ?? ''),
        column: example?.column,
        offset: `UTC${minutes < 0 ? '-' : '+'}${Math.floor(Math.abs(minutes) / 60)}${minutes % 60 === 0 ? '' : `:${Math.abs(minutes) % 60}`}`,
      }),
    );
  }
  return warnings;
}

async function collect(
  columns: EvidentColumn[],
  report: ReportFacts,
  options: DateOptions,
  readRows: () => AsyncIterable<TextOf>,
): Promise<RowEvidence> {
  const evidence = new RowEvidence(columns, report, options);
  for await (const row of readRows()) evidence.add(row);
  return evidence;
}

function countriesOf({ marketplaceIds }: DocumentMetadata): string[] {
  return marketplaceIds.flatMap((id) => marketplaces[id]?.country ?? []);
}

function readingOptions(metadata: DocumentMetadata): Pick<ValueRules, 'latestYear' | 'zones'> {
  const created = dayOf(metadata.reportCreatedAt);
  // Two digits may also mean a year that is still to come, such as that of an expiry date.
  const yearsAhead = 20;
  return {
    ...(created !== undefined && {
      latestYear: new Date(created * 86_400_000).getUTCFullYear() + yearsAhead,
    }),
    zones: zonesOf(countriesOf(metadata)),
  };
}

/**
 * Reports of changed or open orders have orders from before their period.
 */
const notInPeriod = /LAST_UPDATE|PENDING|ACTIONABLE|WAITING/;

function reportFacts({ metadata, periodColumn, checks = [] }: DecisionBasis): ReportFacts {
  const createdDay = dayOf(metadata.reportCreatedAt);
  const firstDay = dayOf(metadata.dataStart);
  const lastDay = dayOf(metadata.dataEnd);
  const isBound = !notInPeriod.test(metadata.reportType);
  return {
    checks,
    ...(createdDay !== undefined && { createdDay }),
    ...(isBound && firstDay !== undefined && lastDay !== undefined && { period: { firstDay, lastDay } }),
    ...(periodColumn !== undefined && { periodColumn }),
  };
}

function dayOf(time: string | undefined): number | undefined {
  const ms = Date.parse(time ?? '');
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 86_400_000);
}
