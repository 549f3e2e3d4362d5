import type { Pipeline } from '../config/spec.js';
import { isDamagedWarehouse, type ReportsError } from '../errors/reports-error.js';
import { faultPoint } from '../runtime/fault-point.js';
import { openRunJournal } from './failure-policy.js';
import { openQueue } from '../source/sqs.js';
import type { Queue, QueueMessage } from '../source/types.js';
import type { PipelineContext, StopSignals } from './context.js';
import { acknowledge, release } from './end-messages.js';
import { IngestRun } from './ingest-run.js';
import { isSettled, type Route, routeMessage } from './route.js';
import { failureOf, type WorkSummary } from './work-summary.js';

/**
 * `damage`: the error that showed that the warehouse file is damaged. What was not committed is
 * still on the queue.
 */
export type DrainResult = WorkSummary & { damage?: ReportsError | undefined };

/**
 * One drain of a pipeline: receives until its queue is empty or a limit is reached. If the next
 * tick comes while reports wait for quota, it receives again. Each message is routed; each document
 * takes the data path of `process-document.ts`; each message is deleted after its load, or its
 * ledger entry, is committed.
 */
export async function drain(
  pipeline: Pipeline,
  context: PipelineContext,
  signals: StopSignals,
  queue = watchQueue(openPipelineQueue(pipeline, context), context),
  journal = openRunJournal(context),
): Promise<DrainResult> {
  const { concurrency, maxMinutes, maxReceives } = pipeline.limits;
  const deadlineMs = context.clock.now() + maxMinutes * 60_000;
  try {
    const hasRedrivePolicy = await queue.hasRedrivePolicy();
    const poison = { maxReceives, hasRedrivePolicy, journal };
    const limits = { maxConcurrent: concurrency, deadlineMs, isDrain: true };
    const run = new IngestRun(context, { ...limits, ...signals, poison });
    try {
      const scope = { pipeline, hasRedrivePolicy, deadlineMs, stop: signals.stop };
      do {
        context.shared.takeTick(pipeline.queue);
        await receiveAll(queue, scope, run, context);
        // What waits for the quota of one seller must not keep the messages of others waiting.
      } while (await run.isInFlight(() => isTime(scope, run, context)));
    } catch (error) {
      const { outcomes, failures } = await run.finish();
      if (Object.keys(outcomes).length === 0 && !isDamagedWarehouse(error)) throw error;
      // What was done before the failure is worth reporting.
      if (isDamagedWarehouse(error)) run.damage = error;
      failures.push(failureOf({ key: pipeline.queue, sellerId: null }, error));
      run.count('failed');
    }
    return { ...(await run.finish()), damage: run.damage };
  } finally {
    await queue.close();
  }
}

function openPipelineQueue({ queue: url, limits }: Pipeline, { config, log }: PipelineContext): Queue {
  const { visibilityTimeoutSeconds } = limits;
  return openQueue({ url, visibilityTimeoutSeconds, log, ...config.aws });
}

/** The same queue, which emits an event for each message received and deleted. */
function watchQueue(queue: Queue, { onEvent }: Pick<PipelineContext, 'onEvent'>): Queue {
  const watched = (message: QueueMessage): QueueMessage => {
    const { messageId, sentMs } = message;
    onEvent({ event: 'message_received', messageId, sentMs });
    return {
      ...message,
      async ack() {
        await message.ack();
        onEvent({ event: 'message_deleted', messageId });
      },
    };
  };
  return { ...queue, receive: async (options) => (await queue.receive(options)).map(watched) };
}

interface ReceiveScope {
  pipeline: Pipeline;
  hasRedrivePolicy: boolean;
  deadlineMs: number;
  stop: AbortSignal;
}

/** Whether the drain may receive again because the next tick of its queue has come. */
function isTime(
  { pipeline, deadlineMs, stop }: ReceiveScope,
  run: IngestRun,
  context: PipelineContext,
): boolean {
  const { clock, shared } = context;
  return shared.hasTick(pipeline.queue) && !stop.aborted && clock.now() < deadlineMs && run.canCommit();
}

async function receiveAll(
  queue: Queue,
  scope: ReceiveScope,
  run: IngestRun,
  context: PipelineContext,
): Promise<void> {
  const { maxDocuments, waitTimeSeconds } = scope.pipeline.limits;
  let received = 0;
  while (!scope.stop.aborted && context.clock.now() < scope.deadlineMs && received < maxDocuments) {
    await run.hasRoom();
    if (!run.canCommit() || run.isQuotaExhausted()) return;
    const messages = await queue.receive({
      maxMessages: Math.min(10, maxDocuments - received),
      waitTimeSeconds,
      signal: scope.stop,
    });
    if (messages.length === 0) return;
    received += messages.length;
    faultPoint('received');
    const { deferrals } = run;
    await dispatchMessages(messages, scope, run, context);
    // The queue holds only what the quota does not allow, and each receive counts against a
    // message.
    if (run.deferrals - deferrals === messages.length) return;
  }
}

/** Routes the messages of one receive: what the ledger has is acknowledged, the rest is loaded. */
async function dispatchMessages(
  messages: QueueMessage[],
  { pipeline, hasRedrivePolicy }: ReceiveScope,
  run: IngestRun,
  context: PipelineContext,
): Promise<void> {
  const routed = messages.map((message) => ({
    message,
    route: routeMessage(message, pipeline, hasRedrivePolicy, context),
  }));
  const seen = await context.warehouse.seen(routed.flatMap(({ route }) => keyOf(route) ?? []));
  faultPoint('routed');
  for (const { message, route } of routed) {
    const row = seen.get(keyOf(route) ?? '');
    if (route.to === 'redrive') {
      context.log.warn({ messageId: message.messageId, code: route.error.code }, route.error.message);
      await release([message], redriveDelaySeconds, context.log);
      run.count('failed');
    } else if (row && isSettled(row, route.to)) {
      await acknowledge([message], context.log);
      run.count('duplicate');
    } else if (route.to === 'load') {
      run.add({ key: route.key, report: route.report, messages: [message] });
    } else {
      void run.addEntry(route, message);
    }
  }
}

/**
 * Long enough that one drain does not use up all receives of a message before someone can fix it.
 */
const redriveDelaySeconds = 60;

function keyOf(route: Route): string | undefined {
  if (route.to === 'load') return route.key;
  return route.to === 'ledger' ? route.entry.key : undefined;
}
