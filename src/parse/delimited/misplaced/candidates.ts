import type { NumberedRow } from './find-misplaced.js';

/**
 * Why a row is worth a closer look: it is short or has values that are not of their type, or only
 * several texts of unusual length.
 */
export type CandidateKind = 'odd' | 'unusual';

/** More rows of a kind are not looked at: odd ones are reported anyway. */
const maxOfKind = 2000;

/** If more rows than this share are unusual, the beginning of the document was. */
const maxUnusualShare = 0.02;
const minUnusual = 20;

/** The rows of a document that are worth a closer look, as many as it takes. */
export class Candidates {
  private readonly found: Record<CandidateKind, NumberedRow[]> = { odd: [], unusual: [] };
  private readonly counts: Record<CandidateKind, number> = { odd: 0, unusual: 0 };

  /** Whether further rows of a kind still count. */
  takes(kind: CandidateKind): boolean {
    return this.counts[kind] <= maxOfKind;
  }

  /** Adds a row. Rows of a kind are added in their order. */
  add(kind: CandidateKind, row: NumberedRow): void {
    this.counts[kind] += 1;
    if (this.counts[kind] <= maxOfKind) this.found[kind].push(row);
    // So many say nothing, and are not kept.
    else if (kind === 'unusual') this.found.unusual = [];
  }

  /** The rows to look at, in order. `rows`: how many rows the document has. */
  rows(rows: number): NumberedRow[] {
    const { odd, unusual } = this.found;
    const isTelling = this.counts.unusual <= Math.max(minUnusual, rows * maxUnusualShare);
    return [...odd, ...(isTelling ? unusual : [])].sort((a, b) => a.row - b.row);
  }
}
