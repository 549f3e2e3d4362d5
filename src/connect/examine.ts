import { describeError, ReportsError } from '../errors/reports-error.js';

/** What a check came to. */
export interface CheckResult {
  /** What was found. */
  found: string;
  /** The one next step where it is not as it must be. */
  next?: string;
}

/** One thing to look at. */
export interface Check {
  name: string;
  /** The seller, queue or folder. */
  about?: string;
  /** Earlier checks without which this one can say nothing, as `name` or `name about`. */
  needs?: string[];
  /** An error of the catalogue it throws is a failure, with its remedy as the next step. */
  look(): Promise<CheckResult>;
}

export interface Finding {
  check: string;
  about?: string;
  status: 'ok' | 'failed' | 'skipped';
  found: string;
  next?: string;
}

/** Makes the checks in their order, each one that can be made whatever the others came to. */
export async function* examine(checks: Check[]): AsyncGenerator<Finding> {
  const bad = new Set<string>();
  for (const { name, about, needs = [], look } of checks) {
    const missing = needs.find((each) => bad.has(each));
    const answer = missing ? { found: `${missing} comes first` } : await answerOf(look);
    const status = missing ? 'skipped' : answer.next === undefined ? 'ok' : 'failed';
    if (status !== 'ok') bad.add(name).add(nameWith(name, about));
    yield { check: name, ...(about ? { about } : {}), status, ...answer };
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
