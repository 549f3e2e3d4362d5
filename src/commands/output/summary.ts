import {
  type Failure,
  isSetAside,
  type NotableDocument,
  type WorkSummary,
} from '../../ingest/work-summary.js';
import { textTable } from './text-table.js';

/** Returns the result of a run as text for people. */
export function summaryText({ outcomes, tables, notable, failures }: WorkSummary): string {
  const counts = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  const nothing = failures.length > 0 ? 'Nothing done.' : 'Nothing to do.';
  const parts = [`${counts.join(', ') || nothing}\n`];
  if (tables.size > 0) {
    parts.push(
      `\nLoaded\n${textTable(
        ['table', 'documents', 'rows', 'rejected values'],
        byName(tables).map(({ name, documents, rows, rejects }) => [name, documents, rows, rejects]),
      )}`,
    );
  }
  const warned = notable.filter(({ warnings }) => warnings.length > 0);
  if (warned.length > 0) {
    parts.push('\nWarnings\n');
    for (const entry of warned) {
      parts.push(`  ${[entry.reportType, nameOf(entry)].filter(Boolean).join('  ')}\n`);
      parts.push(...entry.warnings.map(({ message }) => `    ${message}\n`));
    }
  }
  const setAside = notable.filter(isSetAside);
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
export function summaryJson({ outcomes, tables, notable, failures }: WorkSummary): Record<string, unknown> {
  return {
    outcomes,
    tables: byName(tables),
    warnings: notable.flatMap(({ key, warnings }) => warnings.map((each) => ({ key, ...each }))),
    failedChecks: notable.flatMap(({ key, failedChecks }) =>
      failedChecks.map((check) => ({ key, ...check })),
    ),
    notLoaded: notable.filter(isSetAside).map(({ key, status, reportType, reasonCode, reason }) => ({
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

function byName(tables: WorkSummary['tables']) {
  return [...tables].map(([name, sum]) => ({ name, ...sum })).sort((a, b) => a.name.localeCompare(b.name));
}

function nameOf({ key, documentId, reportId }: NotableDocument): string {
  return documentId ?? (reportId ? `report ${reportId}` : key);
}
