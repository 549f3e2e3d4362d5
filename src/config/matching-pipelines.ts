import { matchesReportType } from './report-types.js';
import type { Config } from './spec.js';

/** What identifies a document's pipeline. */
export interface PipelineSubject {
  /** The pipeline that received it; null for a file from disk. */
  pipeline: string | null;
  reportType: string;
}

/**
 * The pipelines whose rules apply to a document: those that load its type from the same queue as
 * its pipeline, otherwise all that load its type.
 */
export function matchingPipelines(
  { pipeline, reportType }: PipelineSubject,
  { pipelines, unsetPipelines }: Pick<Config, 'pipelines' | 'unsetPipelines'>,
): Config['unsetPipelines'] {
  const all = [...pipelines, ...unsetPipelines];
  const matching = all.filter(({ reportTypes }) => matchesReportType(reportTypes, reportType));
  const queue = all.find(({ name }) => name === pipeline)?.queue;
  const ofQueue = matching.filter((each) => each.queue === queue);
  return ofQueue.length > 0 ? ofQueue : matching;
}
