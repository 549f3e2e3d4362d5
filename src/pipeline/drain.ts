import { describeError } from '../errors.js';
import { openQueue } from '../source/sqs.js';
import type { Queue, QueueMessage } from '../source/types.js';
import type { LedgerRow } from '../warehouse/types.js';
import type { PipelineContext } from './context.js';
import { faultPoint } from './fault-point.js';
import { type Pipeline, type Route, routeMessage } from './route.js';
import { WorkList } from './work-list.js';
import type { WorkSummary } from './work-summary.js';

/** Messages in hand at once; all of them are kept invisible, so there is no use in more than a drain can finish. */
const maxInHand = 100;

export interface DrainSignals {
  /** Begin nothing new; finish what is in work. */
  stop: AbortSignal;
  /** Break off what is in work; everything not committed is released. */
  abort: AbortSignal;
}

/**
 * One drain of a pipeline: receives until its queue is empty or a limit is met. Each message is routed; each document goes the data path
 * of `load-document.ts`; each message is deleted after its load, or its ledger entry, is committed.
 */
export async function drain(
  pipeline: Pipeline,
  context: PipelineContext,
  signals: DrainSignals,
): Promise<WorkSummary> {
  const { limits } = pipeline;
  const deadlineMs = Date.now() + limits.maxMinutes * 60_000;
  const queue = openQueue({
    url: pipeline.queue,
    visibilityTimeoutSeconds: limits.visibilityTimeoutSeconds,
    log: context.log,
    ...context.config.aws,
  });
  try {
    const redrive = await queue.hasRedrivePolicy();
    const work = new WorkList(context, {
      concurrency: limits.concurrency,
      deadlineMs,
      ...signals,
      ...(redrive ? {} : { maxReceives: limits.maxReceives }),
    });
    try {
      await receiveAll(queue, pipeline, { redrive, deadlineMs, stop: signals.stop }, work, context);
    } finally {
      await work.finish();
    }
    return work.summary;
  } finally {
    await queue.close();
  }
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
  while (!until.stop.aborted && Date.now() < until.deadlineMs && received < maxDocuments) {
    await work.below(maxInHand);
    if (quotaIsSpoken(work, until.deadlineMs, context)) return;
    const messages = await queue.receive({
      maxMessages: Math.min(10, maxDocuments - received),
      waitTimeSeconds,
      signal: until.stop,
    });
    if (messages.length === 0) return;
    received += messages.length;
    faultPoint('received');
    await takeIn(messages, pipeline, until.redrive, work, context);
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
  for (const { message, route } of routed) {
    const row = seen.get(keyOf(route) ?? '');
    if (route.to === 'redrive') {
      context.log.warn({ messageId: message.messageId, code: route.error.code }, route.error.message);
      await message.release(redriveDelaySeconds);
      work.count('failed');
    } else if (row && isSettled(row, route)) {
      await message
        .ack()
        .catch((error: unknown) =>
          context.log.warn({ messageId: message.messageId }, `deleting a message: ${describeError(error)}`),
        );
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

/** Whether the ledger's word is final for this route. */
export function isSettled(row: LedgerRow, route: Pick<Route, 'to'>): boolean {
  if (route.to !== 'load') return true;
  return row.status !== 'skipped' && row.reasonCode !== 'SELLER_UNKNOWN';
}
