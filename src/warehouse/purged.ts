import type { LedgerEntry } from './ledger-types.js';

/** The note of a ledger row whose document was purged. */
export const purgedNote = 'personal data removed';

/** Replaces the reason of a ledger row that quoted its document. */
export const removedReason = 'left out, as it may quote personal data';

/**
 * The warnings and decisions of a ledger row without what may quote its document: the codes, and
 * what was decided.
 */
export function withoutQuotations({
  warnings,
  decisions,
}: Pick<LedgerEntry, 'warnings' | 'decisions'>): Pick<LedgerEntry, 'warnings' | 'decisions'> {
  return {
    warnings: warnings.map(({ code }) => ({ code, message: removedReason })),
    decisions: decisions.map((decision) => ({ ...decision, reason: removedReason })),
  };
}

export function isPurged({ notes }: Pick<LedgerEntry, 'notes'>): boolean {
  return notes.includes(purgedNote);
}
