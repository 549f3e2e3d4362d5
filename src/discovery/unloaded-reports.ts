import { matchesReportType } from '../config/report-types.js';
import type { Report, ReportsCallOptions, SellingPartner } from '../source/types.js';
import { ledgerKey } from '../warehouse/types.js';
import type { PipelineContext } from '../ingest/context.js';
import type { Pipeline } from '../config/spec.js';
import { isSettled } from '../ingest/route.js';
import { keyOfReport, type ReportJob, type ReportRef } from '../ingest/report-job.js';

/** Reports looked up in the ledger at once. */
const lookupSize = 100;

/** Which reports getReports lists. */
export interface ReportScope {
  reportTypes: string[];
  createdSince: Date;
  createdUntil?: Date;
}

/**
 * Lists the DONE reports of a seller in groups: how many Amazon has, and which of them the ledger
 * does not have.
 */
export async function* unloadedReports(
  seller: SellingPartner,
  scope: ReportScope,
  call: ReportsCallOptions,
  context: PipelineContext,
): AsyncGenerator<{ found: number; unloaded: Report[] }> {
  const reports = seller.getReports({ ...scope, statuses: ['DONE'] }, call);
  for await (const group of inGroups(reports, lookupSize)) {
    yield { found: group.length, unloaded: await missing(seller.sellerId, group, context) };
  }
}

/**
 * Returns the report types to list by getReports, which needs exact names: those of `wanted` that
 * the pipeline loads. `'*'` and other patterns match the types with a schema and those in the
 * ledger.
 */
export async function typesToList(
  pipeline: Pipeline,
  context: PipelineContext,
  wanted = pipeline.reportTypes,
): Promise<string[]> {
  const exact = wanted.filter((each) => !each.includes('*'));
  const known = exact.length === wanted.length ? [] : await knownTypes(context);
  const types = [...exact, ...known.filter((type) => matchesReportType(wanted, type))];
  return [...new Set(types)].filter((type) => matchesReportType(pipeline.reportTypes, type)).sort();
}

async function knownTypes(context: PipelineContext): Promise<string[]> {
  const inLedger = (await context.warehouse.tables()).flatMap(({ reportType }) => reportType ?? []);
  return [...context.schemas.keys(), ...inLedger];
}

/** The job that loads a report which no message announced. */
export function jobFor(sellerId: string, report: Report, pipeline: Pipeline): ReportJob {
  const { reportId, reportType, documentId, status } = report;
  const ref: ReportRef = {
    sellerId,
    reportType,
    reportId,
    status,
    documentId,
    report,
    pipeline: pipeline.name,
    maxDocumentBytes: pipeline.limits.maxDocumentBytes,
  };
  return { key: keyOfReport(ref), report: ref, messages: [] };
}

async function missing(sellerId: string, reports: Report[], context: PipelineContext): Promise<Report[]> {
  const keyOf = ({ documentId, reportId }: Report) =>
    ledgerKey({ sellerId, documentId: documentId ?? null, reportId });
  const seen = await context.warehouse.seen(reports.map(keyOf));
  return reports.filter((report) => {
    const row = seen.get(keyOf(report));
    return !row || !isSettled(row, 'load');
  });
}

/** Yields what came before an error too; then throws the error. */
async function* inGroups<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let group: T[] = [];
  let thrown: { error: unknown } | undefined;
  try {
    for await (const item of items) {
      group.push(item);
      if (group.length < size) continue;
      yield group;
      group = [];
    }
  } catch (error) {
    thrown = { error };
  }
  if (group.length > 0) yield group;
  if (thrown) throw thrown.error;
}
