import { isRunning } from '../files/file-lock.js';
import { openSharedJson } from '../files/shared-json.js';

/** Remembers in a file which work was begun and not ended, so that it is known after a crash what the program was killed by, perhaps. */
export interface CrashJournal {
  /** How often a process ended in the middle of this work. */
  crashes(key: string): number;
  begin(key: string): Promise<void>;
  end(key: string): Promise<void>;
}

/** Of each key the processes that began it and have not ended it. */
type Begun = Record<string, number[]>;

export function openCrashJournal(path: string): CrashJournal {
  const state = openSharedJson(path);
  const mine = new Set<string>();
  const asBegun = (held: unknown): Begun => (typeof held === 'object' ? ((held ?? {}) as Begun) : {});

  return {
    // A process of another container may have had our number, so of our own number only what we began counts as alive.
    crashes: (key) =>
      (asBegun(state.read())[key] ?? []).filter((pid) =>
        pid === process.pid ? !mine.has(key) : !isRunning(pid),
      ).length,
    async begin(key) {
      mine.add(key);
      await state.change((held) => {
        const begun = asBegun(held);
        return { ...begun, [key]: [...(begun[key] ?? []), process.pid] };
      });
    },
    async end(key) {
      mine.delete(key);
      await state.change((held) => {
        const { [key]: _, ...others } = asBegun(held);
        return others;
      });
    },
  };
}
