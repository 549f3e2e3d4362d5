import { type Warning, warning } from '../../errors/warnings.js';
import type { Decision } from '../../schema/findings.js';
import { pluralize } from '../../text/pluralize.js';
import {
  differing,
  fittingOnly,
  majority,
  type Question,
  type Scope,
  scopesOf,
  total,
  type Finding,
} from './choice.js';
import type { Evidence } from './evidence.js';
import type { RowEvidence } from './row-evidence.js';

/**
 * Answers a question about a document by the evidence, the strongest first; see docs/decisions.md.
 * If no answer fits all values, each group of columns gets its own.
 */
export async function answer<Option extends string>(problem: Problem<Option>): Promise<Answer<Option>> {
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

/** What a question about a document is answered by. */
export interface Problem<Option extends string> extends Question<Option> {
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
  /**
   * What the rows say, though maybe by chance: it decides, with a warning unless earlier documents
   * or the schema say the same.
   */
  hint(rows: RowEvidence, scope: Scope<Option>, possible: Option[]): Finding<Option> | undefined;
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

export interface Answer<Option> {
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
  const hint = problem.hint(await problem.rows(), scope, possible);
  const agrees = (value: Option) => hint === undefined || hint.keeps.includes(value);
  const before = provenBefore(await problem.decidedBefore(), problem).filter((each) =>
    possible.includes(each),
  );
  if (before.length === 1 && agrees(before[0] as Option)) {
    return plain(
      before[0] as Option,
      'proven for earlier documents of the seller, report type and marketplace',
    );
  }
  const declared = problem.declared(scope);
  if (declared !== undefined && possible.includes(declared) && agrees(declared)) {
    const doubt = hint ? undefined : problem.doubt(scope, declared);
    const why = 'declared in the schema';
    return doubt === undefined ? plain(declared, why) : plain(declared, `${why}, though ${doubt}`, true);
  }
  if (hint) return plain(hint.keeps[0] as Option, hint.reason, true);
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
