import { rm } from 'node:fs/promises';
import { isRunning } from '../files/file-lock.js';
import { openSharedJson } from '../files/shared-json.js';

/** Remembers in a file which work was begun and not ended, so that it is known after a crash what the program was killed by, perhaps. */
export interface KilledWork {
  /** How often a process ended in the middle of this work; 0 while that can't be known. */
  kills(key: string): number;
  /** Errors: DISK_FULL, FILE_SYSTEM_FAILED; then the work is better not begun. */
  begin(key: string): Promise<void>;
  /** Never rejects: what can't be written down is forgotten, for a work that ended must not count as killed. */
  end(key: string): Promise<void>;
}

/** Of each key the processes that began it and have not ended it. */
type Begun = Record<string, number[]>;

/** By file: what this process ended and could not write down, for as long as it lives. */
const unwrittenEnds = new Map<string, Set<string>>();

export function openKilledWork(path: string): KilledWork {
  const state = openSharedJson(path);
  const mine = new Set<string>();
  const unwritten = unwrittenEnds.get(path) ?? new Set<string>();
  unwrittenEnds.set(path, unwritten);
  const asBegun = (held: unknown): Begun => (typeof held === 'object' ? ((held ?? {}) as Begun) : {});

  return {
    // A process of another container may have had our number, so of our own number only what we began counts as alive.
    kills: (key) =>
      (begunNow()[key] ?? []).filter((pid) =>
        pid === process.pid ? !mine.has(key) && !unwritten.has(key) : !isRunning(pid),
      ).length,
    async begin(key) {
      mine.add(key);
      await changeBegun((begun) => ({ ...begun, [key]: [...(begun[key] ?? []), process.pid] }));
    },
    async end(key) {
      mine.delete(key);
      unwritten.add(key);
      try {
        await changeBegun((begun) => begun);
      } catch {
        // A full disk takes no new file and lets an old one go; all counts then begin again.
        await rm(path, { force: true }).catch(() => {});
      }
    },
  };

  async function changeBegun(change: (begun: Begun) => Begun): Promise<void> {
    let ended: string[] = [];
    await state.change((held) => {
      ended = [...unwritten];
      return change(without(asBegun(held), unwritten));
    });
    for (const key of ended) unwritten.delete(key);
  }

  function begunNow(): Begun {
    try {
      return asBegun(state.read());
    } catch {
      return {};
    }
  }
}

function without(begun: Begun, keys: ReadonlySet<string>): Begun {
  return Object.fromEntries(Object.entries(begun).filter(([key]) => !keys.has(key)));
}
