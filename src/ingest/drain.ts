import { join } from 'node:path';
import { openQueue } from '../source/sqs.js';
import type { Queue, QueueMessage } from '../source/types.js';
import type { PipelineContext } from './context.js';
import { deleteMessage, releaseMessage } from './end-message.js';
import { faultPoint } from '../runtime/fault-point.js';
import { openKilledWork } from '../scheduling/crash-journal.js';
import { checkOrMend, isDamaged, mend } from '../maintenance/repair-warehouse.js';
import { isSettled, type Pipeline, type Route, routeMessage } from './route.js';
import { type DrainSignals, WorkList } from './work-list.js';
import { watchQueue } from './watch-queue.js';
import { failureOf, type WorkSummary } from './work-summary.js';

/**
 * One drain of a pipeline: receives until its queue is empty or a limit is met. Each message is routed; each document goes the data path
 * of `load-document.ts`; each message is deleted after its load, or its ledger entry, is committed.
 */
export async function drain(
  pipeline: Pipeline,
  context: PipelineContext,
  signals: DrainSignals,
  queue = watchQueue(openPipelinesQueue(pipeline, context), context),
): Promise<WorkSummary> {
  const { limits } = pipeline;
  const deadlineMs = context.clock.now() + limits.maxMinutes * 60_000;
  try {
    // Before anything is received: what can't be committed would only use up the receives of its message.
    await checkOrMend(context, limits.maxDocumentBytes);
    const redrive = await queue.hasRedrivePolicy();
    const killed = openKilledWork(join(context.config.state, 'killed.json'));
    const work = new WorkList(context, {
      concurrency: limits.concurrency,
      deadlineMs,
      ...signals,
      ...(redrive ? {} : { giveUp: { maxReceives: limits.maxReceives, killed } }),
    });
    try {
      await receiveAll(queue, pipeline, { redrive, deadlineMs, stop: signals.stop }, work, context);
    } catch (error) {
      await work.finish();
      if (Object.keys(work.summary.outcomes).length === 0 && !isDamaged(error)) throw error;
      // What was done before is worth telling.
      if (isDamaged(error)) work.damage = error;
      work.summary.failures.push(failureOf({ key: pipeline.queue, sellerId: null }, error));
      work.count('failed');
    }
    const summary = await work.finish();
    // Damage that opening the file did not show: what it kept from being committed is on the queue still.
    if (work.damage) await mend(work.damage, context, limits.maxDocumentBytes);
    return summary;
  } finally {
    await queue.close();
  }
}

function openPipelinesQueue({ queue: url, limits }: Pipeline, { config, log }: PipelineContext): Queue {
  const { visibilityTimeoutSeconds } = limits;
  return openQueue({ url, visibilityTimeoutSeconds, log, ...config.aws });
}

async function receiveAll(
  queue: Queue,
  pipeline: Pipeline,
  until: { redrive: boolean; deadlineMs: number; stop: AbortSignal },
  work: WorkList,
  context: PipelineContext,
): Promise<void> {
  const { maxDocuments, waitTimeSeconds } = pipeline.limits;
  let received = 0;
  while (!until.stop.aborted && context.clock.now() < until.deadlineMs && received < maxDocuments) {
    await work.hasRoom();
    if (work.warehouseIsHeld || work.damage || quotaIsSpoken(work, until.deadlineMs, context)) return;
    const messages = await queue.receive({
      maxMessages: Math.min(10, maxDocuments - received),
      waitTimeSeconds,
      signal: until.stop,
    });
    if (messages.length === 0) return;
    received += messages.length;
    faultPoint('received');
    const { deferrals } = work;
    await takeIn(messages, pipeline, until.redrive, work, context);
    // The queue holds what the quota doesn't allow, and each receive counts against a message.
    if (work.deferrals - deferrals === messages.length) return;
  }
}

/** Whether no seller could finish one more document in this drain: then the rest is better left on the queue. */
function quotaIsSpoken(work: WorkList, deadlineMs: number, context: PipelineContext): boolean {
  const { sellers } = context.config;
  return (
    sellers.length > 0 &&
    sellers.every(({ id }) => context.documentQuota(id).possibleUntil(deadlineMs) <= work.callsWanted(id))
  );
}

/** Routes the messages of one receive: what the ledger has is acknowledged, the rest becomes work. */
async function takeIn(
  messages: QueueMessage[],
  pipeline: Pipeline,
  redrive: boolean,
  work: WorkList,
  context: PipelineContext,
): Promise<void> {
  const routed = messages.map((message) => ({
    message,
    route: routeMessage(message, pipeline, redrive, context),
  }));
  const seen = await context.warehouse.seen(routed.flatMap(({ route }) => keyOf(route) ?? []));
  faultPoint('routed');
  for (const { message, route } of routed) {
    const row = seen.get(keyOf(route) ?? '');
    if (route.to === 'redrive') {
      context.log.warn({ messageId: message.messageId, code: route.error.code }, route.error.message);
      await releaseMessage(message, redriveDelaySeconds, context.log);
      work.count('failed');
    } else if (row && isSettled(row, route.to)) {
      await deleteMessage(message, context.log);
      work.count('duplicate');
    } else if (route.to === 'load') {
      work.add({ key: route.key, request: route.request, messages: [message] });
    } else {
      void work.addEntry(route.entry, message);
    }
  }
}

/** Long enough that one drain doesn't use up all receives of a message before someone can mend it. */
const redriveDelaySeconds = 60;

function keyOf(route: Route): string | undefined {
  if (route.to === 'load') return route.key;
  return route.to === 'ledger' ? route.entry.key : undefined;
}
