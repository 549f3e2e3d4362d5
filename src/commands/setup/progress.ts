import { Writable } from 'node:stream';
import { MultiBar, type SingleBar } from 'cli-progress';
import { type Logger, pino } from 'pino';
import { redact } from '../../errors/secrets.js';
import type { PipelineEvent } from '../../ingest/context.js';
import { systemClock } from '../../runtime/clock.js';
import type { Io } from './io.js';

type StepAdvanced = Extract<PipelineEvent, { event: 'step_advanced' }>;

export interface Progress {
  log: Logger;
  onEvent(event: PipelineEvent): void;
  /** Removes the bar from the terminal. */
  close(): void;
}

/** Of an error outside the catalogue, a log has its stack and its causes too. */
const hooks = { streamWrite: redact };

/**
 * Shows progress on stderr: a bar and plain warnings on a terminal, otherwise JSON log lines.
 */
export function openProgress(io: Io, options: { title: string; logLevel?: string }): Progress {
  return io.stderr.isTTY ? barProgress(io, options) : logProgress(io, options);
}

function logProgress(io: Io, { logLevel = 'info' }: { logLevel?: string }): Progress {
  const log = openLog(io.stderr, logLevel);
  let last: { step: string; loggedMs: number } | undefined;
  return {
    log,
    onEvent(event) {
      const { event: message, ...ids } = event;
      if (event.event === 'step_advanced') {
        const { step, done, total } = event;
        const nowMs = systemClock.now();
        if (last?.step === step && nowMs - last.loggedMs < stepLogMs) return;
        last = { step, loggedMs: nowMs };
        log.info({ done, total }, step);
      } else if (event.event === 'work_finished')
        log.info({ key: event.key, outcome: event.outcome }, message);
      else if (message !== 'bytes_downloaded') log.debug(ids, message);
    },
    close() {},
  };
}

/** How often the log says how far a long step is. */
const stepLogMs = 10_000;

/** JSON, a line for each message. */
export function openLog(stream: Io['stderr'], level: string): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, hooks }, stream);
}

function barProgress(io: Io, { title, logLevel = 'warn' }: { title: string; logLevel?: string }): Progress {
  const bars = new MultiBar({
    stream: io.stderr,
    format: `${title} {bar} {value}/{total} documents, {megabytes} MB{setAside}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
  });
  const found = new Set<string>();
  let bytes = 0;
  let setAside = 0;
  let open = true;
  const payload = () => ({
    megabytes: (bytes / 1e6).toFixed(1),
    setAside: setAside > 0 ? `, ${setAside} not loaded` : '',
  });
  // A bar of zero documents would look complete, so it appears with the first document.
  let bar: SingleBar | undefined;
  let step: { name: string; bar: SingleBar } | undefined;
  const lines = new Writable({
    write(line: Buffer, _encoding, done) {
      const { msg } = JSON.parse(line.toString()) as { msg: string };
      if (open && (bar || step)) bars.log(`${msg}\n`);
      else io.stderr.write(`${msg}\n`);
      done();
    },
  });
  /** A long step has a bar of its own, until the next one begins. */
  function advance({ step: name, done, total }: StepAdvanced): void {
    if (step?.name !== name) {
      if (step) bars.remove(step.bar);
      const format = `${title}: ${name} ${total === undefined ? '{value}' : '{bar} {value}/{total}'}`;
      step = { name, bar: bars.create(total ?? 0, 0, {}, { format }) };
    }
    step.bar.update(done);
  }

  return {
    log: pino({ level: logLevel, hooks }, lines),
    onEvent(event) {
      if (event.event === 'work_found') {
        const total = found.add(event.key).size;
        if (bar) bar.setTotal(total);
        else bar = bars.create(total, 0, payload());
      }
      if (event.event === 'step_advanced') advance(event);
      if (event.event === 'bytes_downloaded') bytes += event.bytes;
      if (event.event === 'work_finished') {
        if (event.outcome === 'quarantined' || event.outcome === 'failed') setAside += 1;
        if (found.has(event.key)) bar?.increment(1, payload());
      }
    },
    close() {
      open = false;
      bars.stop();
    },
  };
}
