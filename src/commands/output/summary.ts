import type { Failure, WorkSummary } from '../../ingest/work-summary.js';
import type { LedgerEntry } from '../../warehouse/types.js';
import { textTable } from './text-table.js';
import { tablesWithRejects } from '../../warehouse/ledger/ledger-entry.js';

/** Returns the result of a run as text for people. */
export function summaryText({ outcomes, committed, failures }: WorkSummary): string {
  const counts = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  const nothing = failures.length > 0 ? 'Nothing done.' : 'Nothing to do.';
  const parts = [`${counts.join(', ') || nothing}\n`];
  const tables = rowsPerTable(committed);
  if (tables.length > 0) {
    parts.push(
      `\nLoaded\n${textTable(
        ['table', 'documents', 'rows', 'rejected values'],
        tables.map(({ name, documents, rows, rejects }) => [name, documents, rows, rejects]),
      )}`,
    );
  }
  const warned = committed.filter(({ warnings }) => warnings.length > 0);
  if (warned.length > 0) {
    parts.push('\nWarnings\n');
    for (const entry of warned) {
      parts.push(`  ${[entry.reportType, nameOf(entry)].filter(Boolean).join('  ')}\n`);
      parts.push(...entry.warnings.map(({ message }) => `    ${message}\n`));
    }
  }
  const setAside = committed.filter(({ status }) => status !== 'loaded' && status !== 'empty');
  if (setAside.length > 0) {
    parts.push('\nNot loaded\n');
    for (const entry of setAside) {
      const name = [entry.status, entry.reportType, nameOf(entry)].filter(Boolean).join('  ');
      parts.push(`  ${name}\n    ${entry.reason}\n`);
    }
  }
  if (failures.length > 0) {
    parts.push('\nWill be retried\n');
    for (const { key, message } of failures) parts.push(`  ${key}\n    ${message}\n`);
    parts.push(remediesText(failures));
  }
  return parts.join('');
}

/** Returns the remedies of failures, each one once. */
export function remediesText(failures: Failure[]): string {
  const remedies = new Set(failures.flatMap(({ remedy }) => remedy ?? []));
  return [...remedies].map((remedy) => `  ${remedy}\n`).join('');
}

/** Returns the result of a run as JSON for programs. */
export function summaryJson({ outcomes, committed, failures }: WorkSummary): Record<string, unknown> {
  return {
    outcomes,
    tables: rowsPerTable(committed),
    warnings: committed.flatMap(({ key, warnings }) => warnings.map((each) => ({ key, ...each }))),
    failedChecks: committed.flatMap(({ key, checks }) =>
      checks.filter(({ ok }) => !ok).map((check) => ({ key, ...check })),
    ),
    notLoaded: committed
      .filter(({ status }) => status !== 'loaded' && status !== 'empty')
      .map(({ key, status, reportType, reasonCode, reason }) => ({
        key,
        status,
        reportType,
        reasonCode,
        reason,
      })),
    failures,
  };
}

/** Whether a run's exit code is 1: something was quarantined or failed. */
export function somethingFailed({ outcomes }: Pick<WorkSummary, 'outcomes'>): boolean {
  return (outcomes.quarantined ?? 0) + (outcomes.failed ?? 0) > 0;
}

function rowsPerTable(entries: LedgerEntry[]) {
  const tables = new Map<string, { name: string; documents: number; rows: number; rejects: number }>();
  for (const entry of entries) {
    for (const { name, rows, rejects } of tablesWithRejects(entry)) {
      const table = tables.get(name) ?? { name, documents: 0, rows: 0, rejects: 0 };
      table.documents += 1;
      table.rows += rows;
      table.rejects += rejects;
      tables.set(name, table);
    }
  }
  return [...tables.values()].sort((a, b) => a.name.localeCompare(b.name));
}

function nameOf({ key, documentId, reportId }: LedgerEntry): string {
  return documentId ?? (reportId ? `report ${reportId}` : key);
}
