import { type Warning, warning } from '../../errors/warnings.js';
import type { Decision } from '../../schema/findings.js';
import { marketplaces } from '../../schema/marketplaces.js';
import type { ColumnSchema, TableSchema } from '../../schema/types.js';
import type { DocumentMetadata } from '../../source/types.js';
import { pluralize } from '../../text/pluralize.js';
import {
  differs,
  differing,
  fittingOnly,
  majority,
  type Question,
  type Scope,
  scopesOf,
  total,
  type Finding,
} from './choice.js';
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
  let earlier: Promise<Decision[]> | undefined;
  const decidedBefore = () => {
    earlier ??= basis.earlier();
    return earlier;
  };
  const marks = await answer(
    markProblem(basis, { evidence, rows, decidedBefore, fallback: usual.decimalMark }),
  );
  const orders = await answer(
    orderProblem(basis, { evidence, rows, decidedBefore, fallback: usual.dateOrder }),
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

/** What a question about a document is answered by. */
interface Problem<Option extends string> extends Question<Option> {
  subject: 'date_order' | 'decimal_mark';
  evidence: Evidence;
  fallback: Option;
  rows: () => Promise<RowEvidence>;
  decidedBefore: () => Promise<Decision[]>;
  /** An answer in words. */
  words: Record<Option, string>;
  /** What the values are called. */
  noun: string;
  findings(rows: RowEvidence, scope: Scope<Option>, possible: Option[]): Finding<Option>[];
  /** The schema's answer; undefined if it has none. */
  declared(scope: Scope<Option>): Option | undefined;
  /** What speaks against the schema's answer, in words. */
  doubt(scope: Scope<Option>, declared: Option): string | undefined;
  /** The usual answer among those possible, and whose habit it is. */
  habit(scope: Scope<Option>, possible: Option[]): { value: Option; reason: string };
  /** How a value reads, for a person. */
  shown(text: string, option: Option): string | undefined;
  guessed: 'DATE_ORDER_GUESSED' | 'DECIMAL_MARK_GUESSED';
  mixed: 'DATE_ORDER_MIXED' | 'DECIMAL_MARK_MIXED';
}

interface Answer<Option> {
  value: Option;
  /** Columns with another answer. */
  ofColumns: Map<string, Option>;
  warnings: Warning[];
  decisions: Decision[];
}

/** The answer for some columns. */
interface ScopeAnswer<Option> {
  scope: Scope<Option>;
  value: Option;
  reason: string;
  isProven: boolean;
  /** Whether nothing but habit speaks for it. */
  isGuess: boolean;
}

async function answer<Option extends string>(problem: Problem<Option>): Promise<Answer<Option>> {
  const scopes = scopesOf(problem.evidence, problem);
  const answers: ScopeAnswer<Option>[] = [];
  const prevailing = scopes.length > 1 ? prevailingOf(scopes, problem) : undefined;
  for (const scope of scopes) answers.push(await answerScope(scope, problem, prevailing));
  const [main] = answers.toSorted((a, b) => total(b.scope) - total(a.scope));
  if (!main) return { value: problem.fallback, ofColumns: new Map(), warnings: [], decisions: [] };
  const others = answers.filter(({ value }) => value !== main.value);
  const warnings: Warning[] = [];
  for (const each of answers) if (each.isGuess) warnings.push(await guessWarning(each, problem));
  if (answers.length > 1 || main.scope.possible.length === 0) warnings.push(mixedWarning(answers, problem));
  const { words, subject } = problem;
  const value = [
    words[main.value],
    ...others.map((each) => `${words[each.value]} in ${each.scope.columns.join(', ')}`),
  ].join('; ');
  const isProven = answers.length === 1 && main.isProven;
  return {
    value: main.value,
    ofColumns: new Map(others.flatMap(({ scope, value }) => scope.columns.map((column) => [column, value]))),
    warnings,
    decisions: [{ subject, value, reason: main.reason, ...(isProven && { isProven }) }],
  };
}

async function answerScope<Option extends string>(
  scope: Scope<Option>,
  problem: Problem<Option>,
  prevailing: Option | undefined,
): Promise<ScopeAnswer<Option>> {
  const { noun, options } = problem;
  const proven = (value: Option, reason: string) => ({
    scope,
    value,
    reason,
    isProven: true,
    isGuess: false,
  });
  const plain = (value: Option, reason: string, isGuess = false) => ({
    scope,
    value,
    reason,
    isProven: false,
    isGuess,
  });
  let { possible } = scope;
  const [only] = possible;
  if (only === undefined) {
    const value = majority(scope, options) ?? problem.habit(scope, [...options]).value;
    return plain(value, `most ${noun}s fit it, but not all`);
  }
  if (possible.length === 1) {
    const count = fittingOnly(scope, only);
    return proven(
      only,
      count > 0 ? `${pluralize(count, noun)} can be read in no other way` : `no other fits all ${noun}s`,
    );
  }
  if (differing(scope, possible) === 0) {
    const { value } = problem.habit(scope, possible);
    return plain(value, `all ${noun}s are the same in each`);
  }
  const reasons: string[] = [];
  for (const { keeps, reason } of problem.findings(await problem.rows(), scope, possible)) {
    const left = possible.filter((option) => keeps.includes(option));
    if (left.length === 0 || left.length === possible.length) continue;
    possible = left;
    reasons.push(reason);
    if (differing(scope, possible) === 0) return proven(possible[0] as Option, reasons.join('; '));
  }
  const before = provenBefore(await problem.decidedBefore(), problem).filter((each) =>
    possible.includes(each),
  );
  if (before.length === 1) {
    return plain(
      before[0] as Option,
      'proven for earlier documents of the seller, report type and marketplace',
    );
  }
  const declared = problem.declared(scope);
  if (declared !== undefined && possible.includes(declared)) {
    const doubt = problem.doubt(scope, declared);
    const why = 'declared in the schema';
    return doubt === undefined ? plain(declared, why) : plain(declared, `${why}, though ${doubt}`, true);
  }
  if (prevailing !== undefined && possible.includes(prevailing)) {
    return plain(prevailing, `as most ${noun}s of the document`, true);
  }
  const { value, reason } = problem.habit(scope, possible);
  return plain(value, reason, true);
}

/** The answer that most values of the document allow and no other. */
function prevailingOf<Option extends string>(
  scopes: Scope<Option>[],
  { options }: Problem<Option>,
): Option | undefined {
  const counts = options.map((option) => ({
    option,
    count: scopes.reduce((sum, scope) => sum + fittingOnly(scope, option), 0),
  }));
  const [first, second] = counts.toSorted((a, b) => b.count - a.count);
  return first && first.count !== second?.count ? first.option : undefined;
}

/** The answers that earlier documents have proven, each once. */
function provenBefore<Option extends string>(
  decisions: Decision[],
  { subject, options, words }: Problem<Option>,
): Option[] {
  const values = decisions
    .filter((each) => each.subject === subject && each.isProven)
    .map(({ value }) => value);
  return options.filter((option) => values.includes(words[option]));
}

async function guessWarning<Option extends string>(
  { scope, value, reason }: ScopeAnswer<Option>,
  { rows, shown, words, noun, options, guessed }: Problem<Option>,
): Promise<Warning> {
  const possible = scope.possible.length > 0 ? scope.possible : [...options];
  const example = (await rows()).example(scope, possible);
  const text = example?.text ?? '';
  const readings = possible.flatMap((option) => {
    const reading = shown(text, option);
    return reading === undefined ? [] : [`${reading} (${words[option]})`];
  });
  return warning(guessed, {
    count: pluralize(differing(scope, possible), noun),
    example: JSON.stringify(text),
    column: example?.column,
    readings: readings.join(' or '),
    chosen: words[value],
    reason,
  });
}

function mixedWarning<Option extends string>(
  answers: ScopeAnswer<Option>[],
  { options, words, noun, mixed }: Problem<Option>,
): Warning {
  const parts = options.flatMap((option) => {
    const counts = answers.map(({ scope }) => ({ scope, count: fittingOnly(scope, option) }));
    const fitting = counts.filter(({ count }) => count > 0);
    const count = fitting.reduce((sum, each) => sum + each.count, 0);
    const columns = fitting.flatMap(({ scope }) => scope.columns).join(', ');
    return count === 0 ? [] : [`${words[option]} in ${pluralize(count, noun)} (${columns})`];
  });
  const read = answers.map(({ scope, value }) => `${scope.columns.join(', ')} with ${words[value]}`);
  return warning(mixed, { found: parts.join(', '), read: read.join('; ') });
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
