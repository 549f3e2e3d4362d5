import { describeError, ReportsError } from '../errors/reports-error.js';

/** The result of a check. */
export interface CheckResult {
  /** What was found. */
  found: string;
  /** The next step if something is wrong. */
  next?: string;
}

/** One check. */
export interface Check {
  name: string;
  /** The seller, queue or folder that it is about. */
  about?: string;
  /** Earlier checks that must succeed first, as `name` or `name about`. */
  needs?: string[];
  /** If it throws an error of the catalogue, the check fails with its remedy as the next step. */
  look(): Promise<CheckResult>;
}

export interface Finding {
  check: string;
  about?: string;
  status: 'ok' | 'failed' | 'skipped';
  found: string;
  next?: string;
}

/** Runs the checks in order, each one that can run regardless of the results of the others. */
export async function* examine(checks: Check[]): AsyncGenerator<Finding> {
  const bad = new Set<string>();
  for (const { name, about, needs = [], look } of checks) {
    const missing = needs.find((each) => bad.has(each));
    const answer = missing ? { found: `fix ${missing} first` } : await answerOf(look);
    const status = missing ? 'skipped' : answer.next === undefined ? 'ok' : 'failed';
    if (status !== 'ok') bad.add(name).add(nameWith(name, about));
    yield { check: name, about, status, ...answer };
  }
}

function nameWith(name: string, about: string | undefined): string {
  return about ? `${name} ${about}` : name;
}

async function answerOf(look: Check['look']): Promise<CheckResult> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof ReportsError)) throw error;
    return { found: `${error.code}: ${describeError(error)}`, next: error.remedy };
  }
}
