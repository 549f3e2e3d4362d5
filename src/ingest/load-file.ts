import { isNotTheDocumentsFault } from '../errors/reports-error.js';
import { type LedgerEntry, ledgerKey, type Load } from '../warehouse/types.js';
import type { CommitReservation } from './commit-queue.js';
import type { PipelineContext, StopSignals } from './context.js';
import {
  type FileMetadata,
  type FileRun,
  keepInput,
  type KeptFile,
  type OpenedFile,
  openInput,
} from './keep-input.js';
import type { LoadInput } from './load-inputs.js';
import { buildLoad, quarantinedLoad } from './build-load.js';
import { openRunJournal } from './failure-policy.js';
import { type Failure, failureOf } from './work-summary.js';

/**
 * An input that was loaded or quarantined, or why it was neither. `before`: the ledger row of the
 * same bytes.
 */
export type LoadedFile = { input: LoadInput } & LoadResult;

export type LoadResult = { entry: LedgerEntry; before: LedgerEntry | undefined } | { failure: Failure };

/**
 * Files that are read, and committed together, in one go: opening the warehouse, and noting files
 * in the crash journal, take longer than to load a small file. Few bytes, because a stop signal
 * waits for them.
 */
const maxGroup = { files: 100, bytes: 2 ** 21 };

/**
 * Loads documents from disk, for example Seller Central downloads, by the same data path as those
 * from Amazon. The document id is derived from the bytes: loading the same file again replaces its
 * rows. Yields each input when it is finished, in their order; starts none after the stop signal.
 * Errors: those that every file would meet, such as a locked warehouse; the reason of the abort
 * signal.
 */
export async function* loadFiles(
  inputs: LoadInput[],
  metadata: FileMetadata,
  context: PipelineContext,
  options: StopSignals & { maxDocumentBytes: number },
): AsyncGenerator<LoadedFile> {
  const { reportType } = metadata;
  const run: FileRun = { ...options, metadata, context, journal: openRunJournal(context) };
  for (const { key } of inputs) context.onEvent({ event: 'work_found', key, reportType });
  for await (const group of groupsOf(inputs, run)) yield* loadGroup(group, run);
}

/** A step of an input: what it returned, or its error. */
type Step<T> = { input: LoadInput } & ({ value: T } | { error: unknown });

/**
 * Opens inputs and groups them. A file that was being read when the program crashed is a group of
 * its own, so that it alone counts as the cause of the next crash.
 */
async function* groupsOf(inputs: LoadInput[], run: FileRun): AsyncGenerator<Step<OpenedFile>[]> {
  let group: Step<OpenedFile>[] = [];
  let bytes = 0;
  for (const input of inputs) {
    if (run.stop.aborted) break;
    const opened = await step(input, () => openInput(input, run));
    const file = 'value' in opened ? opened.value : undefined;
    const isAlone = Boolean(file?.crashes);
    bytes += file?.bytes ?? 0;
    if (group.length > 0 && (isAlone || bytes > maxGroup.bytes || group.length === maxGroup.files)) {
      yield group;
      group = [];
      bytes = file?.bytes ?? 0;
    }
    if (isAlone) yield [opened];
    else group.push(opened);
    if (endsRun(opened, run)) break;
  }
  run.abort.throwIfAborted();
  if (group.length > 0) yield group;
}

/**
 * Loads the files of a group. The crash journal knows all of them from before the first is read.
 */
async function* loadGroup(group: Step<OpenedFile>[], run: FileRun): AsyncGenerator<LoadedFile> {
  const { context, journal, metadata, stop } = run;
  const journalKeys = group.flatMap((each) => ('value' in each ? each.value.journalKey : []));
  await journal.begin(...journalKeys);
  try {
    const kept: Step<KeptFile>[] = [];
    for (const opened of group) {
      if (stop.aborted) break;
      const { input } = opened;
      context.onEvent({ event: 'work_started', key: input.key, reportType: metadata.reportType });
      const done = await step(input, async () => keepInput(valueOrError(opened), run));
      kept.push(done);
      if (endsRun(done, run)) break;
    }
    run.abort.throwIfAborted();
    // What is in the raw store by now is loaded: otherwise no ledger would know of it.
    for (const distinct of splitAtRepetitions(kept)) yield* loadKept(distinct, run);
  } finally {
    await journal.end(...journalKeys);
    for (const { input } of group) await input.close?.();
  }
}

/** Converts and commits files with distinct ledger keys. */
async function* loadKept(files: Step<KeptFile>[], run: FileRun): AsyncGenerator<LoadedFile> {
  const { warehouse, shared } = run.context;
  const keys = files.flatMap((file) => keyOf(file) ?? []);
  const before = await warehouse.seen(keys);
  const commits = files.map(() => shared.commits.reserve());
  const loading: Promise<Step<LedgerEntry>>[] = [];
  let ends = false;
  try {
    for (const [index, file] of files.entries()) {
      if (ends) break;
      const { input } = file;
      const built = await step(input, async () => buildFile(valueOrError(file), run));
      ends ||= endsRun(built, run);
      const submit = async () => (commits[index] as CommitReservation).submit(valueOrError(built));
      const committed = step(input, submit);
      void committed.then((done) => {
        ends ||= endsRun(done, run);
      });
      loading.push(committed);
    }
  } finally {
    for (const commit of commits) commit.cancel();
  }
  const settled = await Promise.all(loading);
  const loaded = settled.flatMap((each) =>
    'value' in each && each.value.status === 'loaded' ? each.value.key : [],
  );
  const after = loaded.length > 0 ? await warehouse.seen(loaded) : new Map<string, LedgerEntry>();
  for (const each of settled) {
    if (endsRun(each, run)) continue;
    if ('error' in each) {
      yield failed(each.input, each.error, run.context);
      continue;
    }
    const { key, status } = each.value;
    run.context.onEvent({ event: 'work_finished', key: each.input.key, outcome: status });
    yield { input: each.input, entry: withSuperseded(each.value, after.get(key)), before: before.get(key) };
  }
  run.abort.throwIfAborted();
  const end = settled.find((each) => endsRun(each, run));
  if (end) valueOrError(end);
}

async function step<T>(input: LoadInput, work: () => Promise<T>): Promise<Step<T>> {
  try {
    return { input, value: await work() };
  } catch (error) {
    return { input, error };
  }
}

/**
 * Whether a step failed for a reason that every file would meet. Files that were read before it are
 * still loaded.
 */
function endsRun(done: Step<unknown>, { abort }: FileRun): boolean {
  return 'error' in done && (abort.aborted || isNotTheDocumentsFault(done.error));
}

/**
 * The value of a step. Throws the error of one that failed, so that the next step fails with it.
 */
function valueOrError<T>(done: Step<T>): T {
  if ('error' in done) throw done.error;
  return done.value;
}

function failed(input: LoadInput, error: unknown, { log, onEvent }: PipelineContext): LoadedFile {
  const { key } = input;
  const failure = failureOf({ key, sellerId: null }, error);
  const err = failure.code === 'UNEXPECTED' ? error : undefined;
  log.error({ key, code: failure.code, err }, failure.message);
  onEvent({ event: 'work_finished', key, outcome: 'failed' });
  return { input, failure };
}

function buildFile(
  { raw, decisions, refusal }: KeptFile,
  { context, maxDocumentBytes, abort }: FileRun,
): Promise<Load> | Load {
  const options = { pipeline: null, maxDocumentBytes, signal: abort, isFresh: true, decisions };
  return refusal ? quarantinedLoad(refusal, raw, options, context) : buildLoad(raw, options, context);
}

function keyOf(file: Step<KeptFile>): string | undefined {
  return 'value' in file ? ledgerKey(file.value.raw.metadata) : undefined;
}

/**
 * The same bytes twice are loaded one after the other: both have the same files in the lake.
 */
function splitAtRepetitions(files: Step<KeptFile>[]): Step<KeptFile>[][] {
  const groups: Step<KeptFile>[][] = [];
  let keys = new Set<string>();
  for (const file of files) {
    const key = keyOf(file);
    if (groups.length === 0 || (key !== undefined && keys.has(key))) {
      groups.push([]);
      keys = new Set();
    }
    if (key !== undefined) keys.add(key);
    groups.at(-1)?.push(file);
  }
  return groups;
}

/** Only the warehouse knows which rows were left out for newer ones. */
function withSuperseded(entry: LedgerEntry, row: LedgerEntry | undefined): LedgerEntry {
  const supersededOf = (name: string) => row?.tables.find((table) => table.name === name)?.superseded ?? 0;
  const tables = entry.tables.map((table) => {
    const superseded = supersededOf(table.name);
    return superseded > 0 ? { ...table, superseded } : table;
  });
  return { ...entry, tables };
}
