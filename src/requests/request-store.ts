import { join } from 'node:path';
import { openSharedJson } from '../files/shared-json.js';

/** One call of createReport. */
export interface Ask {
  /** When it was made, ISO 8601. */
  at: string;
  /** Absent where the answer was never seen: then Amazon's list of reports tells. */
  reportId?: string;
  /** Why no report came of it. */
  failed?: string;
}

/** A window that is asked for, or answered before an older one. Times are ISO 8601. */
export interface WindowRecord {
  start: string;
  end: string;
  asks: Ask[];
  answered?: boolean;
  /** When somebody had it asked for once more: what Amazon has from before is no answer. */
  againAt?: string;
}

export interface GivenUp {
  start: string;
  end: string;
  at: string;
  found: string;
}

/** How far one request has come. */
export interface Progress {
  reportType: string;
  /** Where its first window begins. */
  begin: string;
  /** All windows before this are answered or given up. */
  doneUntil: string;
  windows: WindowRecord[];
  givenUp: GivenUp[];
  /** When it was asked for last. */
  lastAskedAt?: string;
  /** Amazon refused the last call as it stands. */
  refused?: { times: number; at: string; found: string };
}

/** That of one request among others. */
export type KeyedProgress = Progress & { key: string };

/** A schedule that this program made at Amazon. */
export interface KeptSchedule {
  sellerId: string;
  reportType: string;
  marketplaceIds: string[];
  /** Absent where Amazon refused to make it. */
  scheduleId?: string;
  /** What it was made with. */
  wanted: string;
  checkedAt: string;
}

/** What was asked for, kept over restarts and shared by the processes of one state folder. */
export interface RequestBook {
  progress(key: string): Progress | undefined;
  /** Of all requests, those that are no longer in the settings included. */
  all(): KeyedProgress[];
  /** Ids of the reports that other requests than this one asked for, as far as they are not done with. */
  reportIdsOfOthers(key: string): Set<string>;
  /** Puts in the place of a request's progress what `change` makes of it, knowing all; nobody else's change comes in between. */
  change(
    key: string,
    change: (held: Progress | undefined, all: KeyedProgress[]) => Progress | undefined,
  ): Promise<void>;
  schedules(): Record<string, KeptSchedule>;
  changeSchedules(
    change: (held: Record<string, KeptSchedule>) => Record<string, KeptSchedule>,
  ): Promise<void>;
}

interface Stored {
  reports: Record<string, Progress>;
  schedules: Record<string, KeptSchedule>;
}

/** Opens the book, which is kept in `<state>/requests.json`. One that is missing or damaged is begun again from the ledger. */
export function openRequestBook(stateFolder: string): RequestBook {
  const state = openSharedJson(join(stateFolder, 'requests.json'));
  return {
    progress: (key) => storedIn(state.read()).reports[key],
    all: () => allIn(storedIn(state.read())),
    reportIdsOfOthers(key) {
      const others = Object.entries(storedIn(state.read()).reports).filter(([each]) => each !== key);
      const asks = others.flatMap(([, { windows }]) => windows.flatMap((record) => record.asks));
      return new Set(asks.flatMap(({ reportId }) => reportId ?? []));
    },
    change: (key, change) =>
      state.change((held) => {
        const stored = storedIn(held);
        const made = change(stored.reports[key], allIn(stored));
        return { ...stored, reports: { ...stored.reports, ...(made ? { [key]: made } : {}) } };
      }),
    schedules: () => storedIn(state.read()).schedules,
    changeSchedules: (change) =>
      state.change((held) => {
        const stored = storedIn(held);
        return { ...stored, schedules: change(stored.schedules) };
      }),
  };
}

function storedIn(held: unknown): Stored {
  const { reports = {}, schedules = {} } = (held ?? {}) as Partial<Stored>;
  return { reports, schedules };
}

function allIn({ reports }: Stored): KeyedProgress[] {
  return Object.entries(reports).map(([key, progress]) => ({ key, ...progress }));
}
