import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Recorded } from './recorder.js';

/** Google's analyzer, as `scripts/bigquery-analyzer` starts it; undefined without Java. */
export const analyzerProgram = process.env.BIGQUERY_ANALYZER;

export type AnalyzerRequest = Recorded | { do: 'evaluate'; sql: string };

export interface AnalyzedStatement {
  /** For example Insert; `statement` if the analyzer refuses it. */
  kind: string;
  sql: string;
  /** The tables that it reads or changes, as `dataset.table`. */
  tables: string[];
  error: string | null;
}

/** The answer to one request. */
export interface Analysis {
  error: string | null;
  /** Of `run`. */
  statements?: AnalyzedStatement[];
  /** Of `evaluate`: a text, or null. */
  value?: string | null;
}

/**
 * Analyzes requests in order: what one of them makes, the next ones know. Starting takes seconds,
 * so a test sends all that it has.
 */
export async function analyze(requests: AnalyzerRequest[]): Promise<Analysis[]> {
  const child = spawn(analyzerProgram as string, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(requests.map((each) => `${JSON.stringify(each)}\n`).join(''));
  const answers = (await text(child.stdout)).trimEnd().split('\n');
  if (answers.length !== requests.length) {
    throw new Error(`the analyzer answered ${answers.length} of ${requests.length} requests`);
  }
  return answers.map((line) => JSON.parse(line) as Analysis);
}
