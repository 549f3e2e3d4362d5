import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keepFile } from '../../src/source/document/raw-store.js';
import { openFolderStore } from '../../src/store/folder-store.js';
import { numberOption } from '../options.js';
import { baselineCommit, builtCommit } from './baseline.js';
import { browseTreeType } from './browse-tree.js';
import { usualReportType, writeDocument } from './document.js';
import { judge, realLoss, typical, type Verdict } from './paired-test.js';
import { searchTermsType } from './search-terms.js';
import { Version } from './version.js';

/**
 * `npm run bench:guard`: fails if a hot path of the built program takes 10 % more processor time
 * than in the last release. Both versions run in turn, each in a process of its own, in pairs of new
 * processes until their ratio is sure. Processor time, because other work on the machine changes it
 * least; in turn, because what does change it changes both.
 * `-- --noise 24` compares the program with itself: it takes so many pairs of each path, then plays
 * 50 guards with them, and 50 more in which the program is 10 % slower.
 */
interface HotPath {
  name: string;
  contestant: string;
  documents: { reportType: string; rows: number; count: number };
}

const hotPaths: HotPath[] = [
  {
    name: 'delimited text to Parquet',
    contestant: 'columnar',
    documents: { reportType: usualReportType, rows: 30_000, count: 1 },
  },
  {
    name: 'JSON to Parquet',
    contestant: 'columnar',
    documents: { reportType: searchTermsType, rows: 40_000, count: 1 },
  },
  {
    name: 'XML to Parquet',
    contestant: 'columnar',
    documents: { reportType: browseTreeType, rows: 3_000, count: 1 },
  },
  {
    name: 'a document to its table',
    contestant: 'columnar-to-table',
    documents: { reportType: usualReportType, rows: 20_000, count: 1 },
  },
  {
    name: 'small documents to their table',
    contestant: 'small-documents',
    documents: { reportType: usualReportType, rows: 84, count: 20 },
  },
];

const maxMinutes = 3;
/** Runs of each version in a pair of processes. */
const [warmUps, rounds] = [3, 9];
const maxMillisecondsOfPath = (maxMinutes * 60_000) / hotPaths.length;

const present = fileURLToPath(new URL('../..', import.meta.url));
const noisePairs = numberOption('noise', 0);
const folder = mkdtempSync(join(tmpdir(), 'sp-reports-guard-'));
try {
  if (noisePairs > 0) await measureNoise(noisePairs);
  else await guard();
} finally {
  rmSync(folder, { recursive: true });
}

async function guard(): Promise<void> {
  const commit = baselineCommit();
  const baseline = builtCommit(commit);
  if ('missing' in baseline) {
    say(`SKIPPED: the speed was not compared with commit ${commit}: ${baseline.missing}`);
    return;
  }
  for (const path of hotPaths) {
    const untilMs = performance.now() + maxMillisecondsOfPath;
    const takePair = await pairsOf(path, baseline.folder);
    const ratios: number[] = [];
    while (judge(ratios) === 'open' && performance.now() < untilMs) ratios.push(await takePair());
    const verdict = judge(ratios);
    say(
      `${path.name}: ${described(verdict)} (${typical(ratios).toFixed(3)} of the time, ${ratios.length} pairs)`,
    );
    if (verdict === 'slower') process.exitCode = 1;
  }
}

function described(verdict: Verdict): string {
  if (verdict === 'slower') return 'SLOWER than in the last release';
  return verdict === 'open' ? 'UNDECIDED, the machine is too busy' : 'as fast as in the last release';
}

/** Plays guards with pairs of times that the same program took. */
async function measureNoise(pairs: number): Promise<void> {
  const guards = 50;
  for (const path of hotPaths) {
    const takePair = await pairsOf(path, present);
    const found: number[] = [];
    while (found.length < pairs) found.push(await takePair());
    const verdictsAt = (loss: number) => {
      const verdicts = Array.from({ length: guards }, () => playGuard(found, loss));
      return (['slower', 'as fast', 'open'] as const)
        .map((verdict) => `${verdicts.filter((each) => each === verdict).length} ${verdict}`)
        .join(', ');
    };
    say(`${path.name}: equal: ${verdictsAt(0)}; ${realLoss * 100} % slower: ${verdictsAt(realLoss)}`);
    say(`  ${found.map((ratio) => ratio.toFixed(3)).join(' ')}`);
  }
}

function playGuard(found: number[], loss: number): Verdict {
  // About as many as there is time for.
  const maxPairs = 15;
  const ratios: number[] = [];
  while (judge(ratios) === 'open' && ratios.length < maxPairs) {
    const ratio = found[Math.floor(Math.random() * found.length)] as number;
    // Neither version is the first by nature.
    ratios.push((Math.random() < 0.5 ? ratio : 1 / ratio) * (1 + loss));
  }
  return judge(ratios);
}

/**
 * Makes the documents of a hot path. Returns a function that starts both versions, lets them run in
 * turn, and returns the time of the present one, divided by that of the other.
 */
async function pairsOf({ contestant, documents }: HotPath, other: string): Promise<() => Promise<number>> {
  const { reportType, rows, count } = documents;
  const own = mkdtempSync(join(folder, 'path-'));
  const path = join(own, 'document.gz');
  const raw = join(own, 'raw');
  for (let index = 0; index < count; index += 1) {
    await writeDocument(path, { reportType, rows, seed: 7 + index });
    await keepFile(openFolderStore(raw), path, { sellerId: 'A1', reportType, marketplaceIds: [] });
  }
  const start = (program: string, name: string) => {
    const target = join(own, name);
    mkdirSync(target, { recursive: true });
    return new Version(program, contestant, { reportType, path, raw, header: [], folder: target });
  };
  return async () => {
    const both = [start(present, 'present'), start(other, 'other')];
    const times = both.map((): number[] => []);
    for (let round = -warmUps; round < rounds; round += 1) {
      const order = round % 2 === 0 ? [0, 1] : [1, 0];
      for (const index of order) {
        const milliseconds = await (both[index] as Version).run();
        if (round >= 0) times[index]?.push(milliseconds);
      }
    }
    for (const version of both) version.close();
    const [ours = Number.NaN, theirs = Number.NaN] = times.map(medianOf);
    return ours / theirs;
  };
}

function medianOf(numbers: number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
