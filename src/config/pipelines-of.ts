import { matchesReportType } from './report-types.js';
import type { Config } from './spec.js';

/** What identifies the pipelines of a document. */
export interface PipelineSubject {
  /** Null for a document from disk. */
  pipeline: string | null;
  reportType: string;
}

type Pipelines = Pick<Config, 'pipelines' | 'unsetPipelines'>;

/**
 * Returns the pipelines whose policies apply to a document: those that load its type from the same
 * queue as its own, otherwise all that load its type.
 */
export function pipelinesOf(
  { pipeline, reportType }: PipelineSubject,
  { pipelines, unsetPipelines }: Pipelines,
): (Config['pipelines'] | Config['unsetPipelines'])[number][] {
  const all = [...pipelines, ...unsetPipelines];
  const matching = all.filter(({ reportTypes }) => matchesReportType(reportTypes, reportType));
  const queue = all.find(({ name }) => name === pipeline)?.queue;
  const ofQueue = matching.filter((each) => each.queue === queue);
  return ofQueue.length > 0 ? ofQueue : matching;
}
