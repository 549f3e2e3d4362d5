import type { PipelineContext } from '../ingest/context.js';
import { type QueueAttributes, readQueueAttributes } from '../source/queue-attributes.js';
import { openReading, type ReadingOptions } from './reading.js';
import type { RunLog } from './run-log.js';
import type { QueueFacts } from './types.js';

/** SQS takes a request's money for each reading. */
const leastMs = 30_000;
const history = { apartMs: 60_000, most: 24 * 60 };

/** A queue of the settings, asked at most every 30 seconds; its earlier readings are kept in memory. */
export function openQueueReading(
  url: string,
  { config, clock }: PipelineContext,
  runLog: Pick<RunLog, 'oldestSentMs' | 'isDrained'>,
  options: Pick<ReadingOptions, 'waitsForReading'> = {},
): () => Promise<QueueFacts> {
  const pipelines = config.pipelines.filter(({ queue }) => queue === url).map(({ name }) => name);
  const readings: QueueFacts['history'] = [];
  const read = openReading(
    async () => {
      const { messages } = await readQueueAttributes({ url, ...config.aws });
      remember(messages);
      return messages;
    },
    { ...options, clock, isDue: (sinceMs) => sinceMs >= leastMs },
  );

  function remember(messages: QueueAttributes['messages']): void {
    const last = readings.at(-1);
    if (last && clock.now() - Date.parse(last.at) < history.apartMs) return;
    readings.push({ at: new Date(clock.now()).toISOString(), ...messages });
    if (readings.length > history.most) readings.shift();
  }

  return async () => {
    const { value: messages, readAt, problem } = await read();
    const sentMs = runLog.oldestSentMs(url);
    const isEmpty = messages && messages.visible + messages.inFlight + messages.delayed === 0;
    return {
      url,
      name: url.slice(url.lastIndexOf('/') + 1),
      pipelines,
      history: [...readings],
      isDrained: runLog.isDrained(url),
      ...(readAt !== undefined && { readAt }),
      ...(messages && { messages }),
      ...(problem && { problem }),
      ...(sentMs !== undefined && !isEmpty && { oldestMessage: ageOf(sentMs, clock.now()) }),
    };
  };
}

function ageOf(sentMs: number, nowMs: number): NonNullable<QueueFacts['oldestMessage']> {
  return {
    sentAt: new Date(sentMs).toISOString(),
    ageSeconds: Math.max(0, Math.round((nowMs - sentMs) / 1000)),
  };
}
