import type { Warning } from '../errors/warnings.js';

/** What a decision for a whole document is about. */
export type DecisionSubject =
  | 'charset'
  | 'delimiter'
  | 'quoting'
  | 'decimal_mark'
  | 'date_order'
  | 'report_type'
  | 'marketplace';

/** What was decided for a whole document, and why. */
export interface Decision {
  subject: DecisionSubject;
  /** For example `utf-8`, `day first` or `GET_SELLER_FEEDBACK_DATA`. */
  value: string;
  /** The evidence, for example `the column "Date and Time" of the same rows`. */
  reason: string;
  /** Whether the document leaves no other choice, so that it counts for later documents too. */
  isProven?: boolean;
}

/** What reading a document found besides its rows. The ledger keeps it. */
export interface Findings {
  /** Schema drift and oddities, for example headers that the schema does not know or lacks. */
  notes: string[];
  /** What a person should look at although the document was loaded. */
  warnings?: Warning[];
  decisions?: Decision[];
}

/** Joins findings in their order. */
export function joinFindings(...all: Findings[]): Required<Findings> {
  return {
    notes: all.flatMap(({ notes }) => notes),
    warnings: all.flatMap(({ warnings }) => warnings ?? []),
    decisions: all.flatMap(({ decisions }) => decisions ?? []),
  };
}
