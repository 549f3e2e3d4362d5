import { join } from 'node:path';
import { openSharedJson, type SharedJsonOptions } from '../files/shared-json.js';
import { type KeptSchedule, type RequestFile, requestsJson } from './request-file.js';
import type { RequestProgress } from './request-progress.js';

/** The progress of one request, with the key of its plan. */
export type KeyedProgress = RequestProgress & { key: string };

/**
 * What was requested: kept over restarts, and shared by the processes of one state folder.
 * Every call throws REQUEST_STATE_INVALID if a later version of the program wrote the file.
 */
export interface RequestStore {
  progress(key: string): RequestProgress | undefined;
  /** The progress of all requests, even of those that are no longer in the settings. */
  all(): KeyedProgress[];
  /** When earlier state was lost, in epoch milliseconds; undefined if it never was. */
  lostAtMs(): number | undefined;
  /** Ids of the reports in the windows of all requests but this one. */
  reportIdsOfOthers(key: string): Set<string>;
  /**
   * Replaces the progress of a request by what `change` returns. No other process changes anything
   * in between. `all` has the requests as they are at that moment.
   */
  update(
    key: string,
    change: (held: RequestProgress | undefined, all: KeyedProgress[]) => RequestProgress | undefined,
  ): Promise<void>;
  schedules(): Record<string, KeptSchedule>;
  updateSchedules(
    change: (held: Record<string, KeptSchedule>) => Record<string, KeptSchedule>,
  ): Promise<void>;
}

/**
 * Opens `<state>/requests.json`. If it is missing or damaged, requests begin again from the ledger
 * and from the reports that Amazon lists.
 */
export function openRequestStore(stateFolder: string, options: SharedJsonOptions): RequestStore {
  const state = openSharedJson(join(stateFolder, 'requests.json'), requestsJson, options);

  return {
    progress: (key) => state.read().requests[key],
    all: () => keyed(state.read()),
    lostAtMs() {
      const { lostAt } = state.read();
      return lostAt === undefined ? undefined : Date.parse(lostAt);
    },
    reportIdsOfOthers(key) {
      const windows = keyed(state.read()).flatMap((each) => (each.key === key ? [] : each.windows));
      return new Set(windows.flatMap(({ attempts }) => attempts.flatMap(({ reportId }) => reportId ?? [])));
    },
    update: (key, change) =>
      state.change((file) => {
        const progress = change(file.requests[key], keyed(file));
        return progress ? { ...file, requests: { ...file.requests, [key]: progress } } : file;
      }),
    schedules: () => state.read().schedules,
    updateSchedules: (change) => state.change((file) => ({ ...file, schedules: change(file.schedules) })),
  };
}

function keyed({ requests }: RequestFile): KeyedProgress[] {
  return Object.entries(requests).map(([key, progress]) => ({ key, ...progress }));
}
