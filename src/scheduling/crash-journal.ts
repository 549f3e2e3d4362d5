import { hostname } from 'node:os';
import { z } from 'zod';
import { isRunning } from '../files/file-lock.js';
import { type JsonKind, openSharedJson, type SharedJsonOptions } from '../files/shared-json.js';
import { systemClock } from '../runtime/clock.js';

/**
 * Records in a file which work was begun and not ended, so that it is known after a crash which
 * work may have killed the process.
 */
export interface CrashJournal {
  /** How often a process ended in the middle of this work; 0 while that is unknown. */
  crashes(key: string): number;
  /** Errors: DISK_FULL, FILE_SYSTEM_FAILED; then the work must not begin. */
  begin(...keys: string[]): Promise<void>;
  /**
   * Never rejects. An end that cannot be recorded is remembered in memory, because work that ended
   * must not count as killed.
   */
  end(...keys: string[]): Promise<void>;
}

const ownerShape = z.object({
  host: z.string(),
  pid: z.int().positive(),
  /** When it last reported that it is alive, in epoch milliseconds. */
  seenAtMs: z.number(),
});

type Owner = z.output<typeof ownerShape>;

const heartbeatMs = 30_000;
/** An owner on another host that was silent for longer than this is gone. */
const staleMs = 120_000;

/** Earlier versions stored a pid alone. */
const begunShape = z.record(z.string(), z.array(z.union([ownerShape, z.int().positive()])));

/** By key, the processes that began it and did not end it. */
type Begun = z.output<typeof begunShape>;

/** `killed.json`. */
export const killedJson: JsonKind<Begun> = {
  parse: (content) => begunShape.parse(content),
  missing: () => ({}),
  lost: () => ({}),
  consequence: 'crashes are counted again from none',
};

/** By file: the work that this process ended and could not record, for as long as it lives. */
const unrecordedEnds = new Map<string, Set<string>>();

/**
 * Opens the journal. A state folder may be shared by hosts or containers, and a pid means something
 * only on its own host. Owners on other hosts are known by their heartbeat: a container that was
 * killed may come back under another host name, and its work must still count as killed.
 */
export function openCrashJournal(
  path: string,
  { host = hostname(), clock = systemClock, log }: SharedJsonOptions & { host?: string },
): CrashJournal {
  const state = openSharedJson(path, killedJson, { clock, log });
  const mine = new Set<string>();
  const unrecorded = unrecordedEnds.get(path) ?? new Set<string>();
  unrecordedEnds.set(path, unrecorded);

  function isKilled(key: string, entry: Owner | number): boolean {
    const owner = typeof entry === 'number' ? { host, pid: entry, seenAtMs: 0 } : entry;
    if (owner.host !== host) return Math.abs(clock.now() - owner.seenAtMs) > staleMs;
    // Our pid may have belonged to a process before us: only what this process began is alive.
    return owner.pid === process.pid ? !mine.has(key) && !unrecorded.has(key) : !isRunning(owner.pid);
  }

  /** Runs only while there is work, so that an idle program writes nothing. */
  let stopHeartbeat: (() => void) | undefined;
  const beat = () => {
    // A missed heartbeat is made up for by the next one.
    change(seenNow).catch(() => {});
  };

  function seenNow(begun: Begun): Begun {
    const isOurs = (entry: Owner | number) =>
      typeof entry === 'object' && entry.host === host && entry.pid === process.pid;
    const refreshed = Object.entries(begun).map(([key, entries]) => [
      key,
      mine.has(key) ? entries.map((entry) => (isOurs(entry) ? ownerNow() : entry)) : entries,
    ]);
    return Object.fromEntries(refreshed) as Begun;
  }

  const ownerNow = (): Owner => ({ host, pid: process.pid, seenAtMs: clock.now() });

  return {
    crashes: (key) => (begunNow()[key] ?? []).filter((entry) => isKilled(key, entry)).length,
    async begin(...keys) {
      for (const key of keys) mine.add(key);
      stopHeartbeat ??= clock.every(heartbeatMs, beat);
      await change((begun) => ({
        ...begun,
        ...Object.fromEntries(keys.map((key) => [key, [...(begun[key] ?? []), ownerNow()]])),
      }));
    },
    async end(...keys) {
      for (const key of keys) mine.delete(key);
      if (mine.size === 0) {
        stopHeartbeat?.();
        stopHeartbeat = undefined;
      }
      for (const key of keys) unrecorded.add(key);
      try {
        await change((begun) => begun);
      } catch {
        // A full disk has no room for another file, but still for what becomes shorter.
        await state.overwrite((begun) => without(begun, unrecorded)).catch(() => {});
      }
    },
  };

  /** Changes the file, and records with that what could not be recorded before. */
  async function change(apply: (begun: Begun) => Begun): Promise<void> {
    let recorded: string[] = [];
    await state.change((held) => {
      recorded = [...unrecorded];
      return apply(without(held, unrecorded));
    });
    for (const key of recorded) unrecorded.delete(key);
  }

  function begunNow(): Begun {
    try {
      return state.read();
    } catch {
      return {};
    }
  }
}

function without(begun: Begun, keys: ReadonlySet<string>): Begun {
  return Object.fromEntries(Object.entries(begun).filter(([key]) => !keys.has(key)));
}
