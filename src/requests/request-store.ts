import { join } from 'node:path';
import { openSharedJson } from '../files/shared-json.js';
import { type KeptSchedule, parseRequestFile, type RequestFile } from './request-file.js';
import type { RequestProgress } from './request-progress.js';

/** The progress of one request, with the key of its plan. */
export type KeyedProgress = RequestProgress & { key: string };

/**
 * What was requested: kept over restarts, and shared by the processes of one state folder.
 * Every call throws REQUEST_STATE_INVALID if the file holds something else.
 */
export interface RequestStore {
  progress(key: string): RequestProgress | undefined;
  /** The progress of all requests, even of those that are no longer in the settings. */
  all(): KeyedProgress[];
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
 * Opens `<state>/requests.json`. If it is missing, or no JSON, requests begin again from the ledger
 * and from the reports that Amazon lists.
 */
export function openRequestStore(stateFolder: string): RequestStore {
  const path = join(stateFolder, 'requests.json');
  const state = openSharedJson(path);
  let known: { content: unknown; file: RequestFile } | undefined;

  /** `state` returns the same object until the file changes. */
  function read(): RequestFile {
    const content = state.read();
    if (!known || known.content !== content) known = { content, file: parseRequestFile(content, path) };
    return known.file;
  }

  const updateFile = (change: (file: RequestFile) => RequestFile) =>
    state.change((content) => change(parseRequestFile(content, path)));

  return {
    progress: (key) => read().requests[key],
    all: () => keyed(read()),
    reportIdsOfOthers(key) {
      const windows = keyed(read()).flatMap((each) => (each.key === key ? [] : each.windows));
      return new Set(windows.flatMap(({ attempts }) => attempts.flatMap(({ reportId }) => reportId ?? [])));
    },
    update: (key, change) =>
      updateFile((file) => {
        const progress = change(file.requests[key], keyed(file));
        return progress ? { ...file, requests: { ...file.requests, [key]: progress } } : file;
      }),
    schedules: () => read().schedules,
    updateSchedules: (change) => updateFile((file) => ({ ...file, schedules: change(file.schedules) })),
  };
}

function keyed({ requests }: RequestFile): KeyedProgress[] {
  return Object.entries(requests).map(([key, progress]) => ({ key, ...progress }));
}
