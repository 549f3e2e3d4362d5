import type { PipelineContext } from '../ingest/context.js';
import { type QueueAttributes, readQueueAttributes } from '../source/queue-attributes.js';
import { openPolled, type PollOptions } from './polled.js';
import type { RunLog } from './run-log.js';
import type { QueueSnapshot } from './types.js';

/** SQS charges for each read. */
const minMs = 30_000;
const history = { apartMs: 60_000, most: 24 * 60 };

/** Polls a queue of the settings at most every 30 seconds; earlier values are kept in memory. */
export function openQueuePoll(
  url: string,
  { config, clock }: PipelineContext,
  runLog: Pick<RunLog, 'oldestSentMs' | 'isDrained'>,
  options: Pick<PollOptions, 'waitsForReading'> = {},
): () => Promise<QueueSnapshot> {
  const pipelines = config.pipelines.filter(({ queue }) => queue === url).map(({ name }) => name);
  const readings: QueueSnapshot['history'] = [];
  const read = openPolled(
    async () => {
      const { messages } = await readQueueAttributes({ url, ...config.aws });
      remember(messages);
      return messages;
    },
    { ...options, clock, isDue: (sinceMs) => sinceMs >= minMs },
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
      readAt,
      messages,
      problem,
      oldestMessage: sentMs !== undefined && !isEmpty ? ageOf(sentMs, clock.now()) : undefined,
    };
  };
}

function ageOf(sentMs: number, nowMs: number): NonNullable<QueueSnapshot['oldestMessage']> {
  return {
    sentAt: new Date(sentMs).toISOString(),
    ageSeconds: Math.max(0, Math.round((nowMs - sentMs) / 1000)),
  };
}
