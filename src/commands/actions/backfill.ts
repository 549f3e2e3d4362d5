import { systemClock } from '../../runtime/clock.js';
import type { Command } from 'commander';
import type { Config, Pipeline } from '../../config/spec.js';
import { ReportsError } from '../../errors/reports-error.js';
import {
  type BackfillPlan,
  type BackfillScope,
  planBackfill,
  quotaAllowsAtMs,
  runBackfill,
} from '../../discovery/backfill.js';
import type { PipelineContext, StopSignals } from '../../ingest/context.js';
import { reportRetentionDays } from '../../source/selling-partner/limits.js';
import { pluralize } from '../../text/pluralize.js';
import { type Io, resultWidth } from '../setup/io.js';
import { readFullConfig, withContext } from '../setup/open-context.js';
import { pipelinesNamed, sellersNamed } from '../setup/find-named.js';
import { untilStopped } from '../setup/stop-signals.js';
import { remediesText, somethingFailed, summaryJson, summaryText } from '../output/summary.js';
import { textTable } from '../output/text-table.js';

export interface BackfillOptions {
  from: string;
  to?: string;
  types?: string[];
  seller?: string;
  yes?: boolean;
  json?: boolean;
}

/** Runs `sp-reports backfill`. */
export async function backfillAction(
  name: string | undefined,
  options: BackfillOptions,
  command: Command,
  io: Io,
  exit: (code: number) => void,
): Promise<void> {
  const config = readFullConfig(command, io);
  const pipelines = pipelinesNamed(config, name);
  const scope = scopeOf(options, config, systemClock.now());
  await untilStopped(io, async (signals) => {
    for (const pipeline of pipelines) {
      if (signals.stop.aborted) return;
      const inContext: InContext = (work) =>
        withContext(config, command, io, `${pipeline.name} backfill`, work);
      if (!(await backfillOne(pipeline, scope, options, inContext, signals, io))) exit(1);
    }
  });
}

type InContext = <T>(work: (context: PipelineContext) => Promise<T>) => Promise<T>;

/** Shows the plan of a pipeline and runs it if the user agrees. Returns whether nothing failed. */
async function backfillOne(
  pipeline: Pipeline,
  scope: BackfillScope,
  options: BackfillOptions,
  inContext: InContext,
  signals: StopSignals,
  io: Io,
): Promise<boolean> {
  if (io.stderr.isTTY) io.stderr.write('Getting the list of reports from Amazon; this may take minutes.\n');
  const { plan, minutes } = await inContext(async (context) => {
    const plan = await planBackfill(pipeline, scope, context, signals);
    return { plan, minutes: Math.ceil((quotaAllowsAtMs(plan, context) - context.clock.now()) / 60_000) };
  });
  if (signals.stop.aborted) return true;
  const documents = plan.sellers.reduce((sum, { unloaded }) => sum + unloaded.length, 0);
  const window = `${scope.createdSince.toISOString()} to ${scope.createdUntil.toISOString()}`;
  io.stdout.write(
    options.json
      ? `${JSON.stringify({ pipeline: pipeline.name, plan: planJson(plan), documents, minutes })}\n`
      : `Backfill of ${pipeline.name}, ${window}:\n\n${planText(plan, documents, minutes, resultWidth(io))}`,
  );
  const isPlanned = plan.failures.length === 0;
  // The prompt comes here because no progress bar is on the terminal now.
  if (documents === 0 || !(options.yes || (await isWanted(io)))) return isPlanned;
  const summary = await inContext((context) => runBackfill(pipeline, plan, context, signals));
  io.stdout.write(
    options.json
      ? `${JSON.stringify({ pipeline: pipeline.name, ...summaryJson(summary) })}\n`
      : `\nBackfill of ${pipeline.name}: ${summaryText(summary)}`,
  );
  if (signals.stop.aborted) io.stderr.write('Stopped. Run it again to continue with the rest.\n');
  return isPlanned && !somethingFailed(summary);
}

async function isWanted(io: Io): Promise<boolean> {
  if (io.prompt) return /^y(es)?$/i.test((await io.prompt('Start? [y/N] ')).trim());
  io.stderr.write('Nothing was loaded. Add --yes to start.\n');
  return false;
}

/**
 * Returns the window, its report types and its sellers. Errors: USAGE if the window is empty, or is
 * older than what Amazon keeps.
 */
function scopeOf({ from, to, types, seller }: BackfillOptions, config: Config, nowMs: number): BackfillScope {
  const dayMs = 86_400_000;
  const earliestMs = nowMs - reportRetentionDays * dayMs;
  const earliestDate = new Date(earliestMs).toISOString().slice(0, 10);
  const sinceMs = Date.parse(from);
  if (sinceMs < Date.parse(earliestDate)) {
    const problem = `--from ${from}: Amazon keeps reports for ${reportRetentionDays} days, so ${earliestDate} is the earliest date. For older data, request the reports again, or load downloaded files with \`sp-reports load\``;
    throw new ReportsError('USAGE', { problem });
  }
  const createdSince = new Date(Math.max(sinceMs, earliestMs));
  const createdUntil = new Date(Math.min(to ? Date.parse(to) : nowMs, nowMs));
  if (createdSince >= createdUntil) {
    const window = `--from ${from} --to ${to ?? 'now'}`;
    throw new ReportsError('USAGE', {
      problem: `${window}: the window must start before it ends, and before now`,
    });
  }
  return {
    createdSince,
    createdUntil,
    reportTypes: types,
    sellerIds: sellersNamed(config, seller).map(({ id }) => id),
  };
}

function planJson({ reportTypes, sellers, failures }: BackfillPlan): object {
  return {
    reportTypes,
    sellers: sellers.map(({ sellerId, found, unloaded }) => ({ sellerId, found, toFetch: unloaded.length })),
    failures,
  };
}

function planText(
  { reportTypes, sellers, failures }: BackfillPlan,
  documents: number,
  minutes: number,
  width: number | undefined,
): string {
  const types = new Set(sellers.flatMap(({ unloaded }) => unloaded.map(({ reportType }) => reportType)));
  const rows = sellers.flatMap(({ sellerId, found, unloaded }) => [
    [sellerId, `all of ${pluralize(reportTypes.length, 'report type')}`, found, unloaded.length],
    ...[...types].sort().flatMap((type) => {
      const fetched = unloaded.filter(({ reportType }) => reportType === type).length;
      return fetched > 0 ? [[sellerId, type, null, fetched]] : [];
    }),
  ]);
  const failureLines = failures.map(({ key, message }) => `${key}: listing reports failed: ${message}\n`);
  const failed = failureLines.join('') + remediesText(failures);
  if (sellers.length === 0) return failed;
  const table = textTable(['seller', 'report type', 'found', 'to load'], rows, { width, wrap: true });
  const quota = documents > 0 ? `; within the quota, this takes ${durationText(minutes)}` : '';
  return `${table}${failed}\n${pluralize(documents, 'document')} to load${quota}.\n`;
}

function durationText(minutes: number): string {
  if (minutes < 1) return 'less than a minute';
  const hours = Math.floor(minutes / 60);
  return hours === 0
    ? pluralize(minutes, 'minute')
    : `${pluralize(hours, 'hour')} and ${pluralize(minutes % 60, 'minute')}`;
}
