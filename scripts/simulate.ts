import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { buildProgram } from '../test/simulation/program.js';
import {
  type PlaceName,
  places,
  realScenario,
  simulateReal,
} from '../test/simulation/real-warehouses/run-real.js';
import { asTest, shrink } from '../test/simulation/shrink.js';
import { type Scenario, scenarioOf, simulate } from '../test/simulation/simulate.js';
import { numberOption, wordOption } from './options.js';

/**
 * `npm run simulate [-- --seed N --seeds COUNT --days D --sellers S --replicas R --jobs J]`: runs
 * whole worlds on virtual time, one for each seed, with faults that the seed draws, and compares
 * what the program did with a model. Without `--seed`, it takes fresh seeds and prints them. A seed
 * that fails is reduced and printed as a test. After `--seconds T` it begins no further seed.
 * `--json` prints a line for each seed.
 *
 * With `--warehouse duckdb` or `postgres`, the worlds are small, and the warehouse is a real one;
 * `scripts/postgres` starts the server. With `bigquery`, uploads to the emulator fail as yet.
 */
interface Totals {
  seeds: number;
  sellerDays: number;
  events: number;
  documents: number;
  starts: number;
  faults: Record<string, number>;
  /** What was compared with a real warehouse. */
  comparisons: number;
  rows: number;
  failed: number[];
}

const isJob = process.argv.includes('--job');
const seed = numberOption('seed', Date.now() % 1e9);
const seeds = numberOption('seeds', 1);
const jobs = Math.min(seeds, numberOption('jobs', availableParallelism()));
const startedMs = Date.now();
const maxMs = numberOption('seconds', 1e9) * 1000;
const totals: Totals = {
  seeds: 0,
  sellerDays: 0,
  events: 0,
  documents: 0,
  starts: 0,
  faults: {},
  comparisons: 0,
  rows: 0,
  failed: [],
};
const warehouse = wordOption('warehouse', Object.keys(places) as PlaceName[]);

if (jobs > 1) await runJobs();
else await runSeeds();
if (isJob) process.send?.(totals);
else report();
process.exitCode = totals.failed.length > 0 ? 1 : 0;

/** Runs the seeds in this process, one after the other. */
async function runSeeds(): Promise<void> {
  const program = await buildProgram(undefined, warehouse && 'real-warehouses');
  let compared = { comparisons: 0, rows: 0 };
  const run: typeof simulate = async (of, scenario) => {
    if (!warehouse) return simulate(of, scenario);
    const { counts, ...outcome } = await simulateReal(of, scenario, warehouse);
    compared = counts;
    return { ...outcome, faults: { ...outcome.faults, killsInCommits: counts.kills } };
  };
  for (let each = seed; each < seed + seeds && Date.now() - startedMs < maxMs; each += 1) {
    const scenario = (warehouse ? realScenario : scenarioOf)(each, given());
    const outcome = await run(program, scenario);
    add({
      seeds: 1,
      sellerDays: scenario.days * scenario.sellers,
      events: outcome.events,
      documents: outcome.documents,
      starts: outcome.starts,
      faults: outcome.faults,
      comparisons: compared.comparisons,
      rows: compared.rows,
      failed: outcome.violation === undefined ? [] : [each],
    });
    if (process.argv.includes('--json')) {
      const { log: _, ...rest } = outcome;
      console.log(JSON.stringify({ ...scenario, ...rest }));
    } else if (seeds === 1) console.log(`seed ${each}: ${JSON.stringify(scenario)}, hash ${outcome.hash}`);
    if (outcome.violation === undefined) continue;
    console.log(`seed ${each}: ${outcome.violation}`);
    const smallest = await shrink(
      program,
      { scenario, outcome },
      numberOption('shrinks', warehouse ? 0 : 60),
      run,
    );
    console.log(smallest.outcome.log.slice(-numberOption('lines', 10)).join('\n'));
    if (!warehouse) console.log(asTest(smallest));
  }
}

/** Shares the seeds between processes. */
async function runJobs(): Promise<void> {
  const perJob = Math.ceil(seeds / jobs);
  await Promise.all(
    Array.from({ length: jobs }, async (_, job) => {
      const count = Math.min(perJob, seeds - job * perJob);
      if (count <= 0) return;
      const options = [
        '--job',
        '--jobs',
        '1',
        '--seed',
        String(seed + job * perJob),
        '--seeds',
        String(count),
      ];
      const child = spawn(
        process.execPath,
        [...process.execArgv, ...process.argv.slice(1, 2), ...process.argv.slice(2), ...options],
        { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
      );
      child.on('message', (of) => add(of as Totals));
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) =>
        console.log(line),
      );
      const [code] = await once(child, 'close');
      if (code !== 0 && totals.failed.length === 0) throw new Error(`a job ended with code ${code}`);
    }),
  );
}

function given(): Partial<Scenario> {
  const names = ['days', 'sellers', 'replicas'] as const;
  const found = names.filter((name) => process.argv.includes(`--${name}`));
  return Object.fromEntries(found.map((name) => [name, numberOption(name, 1)]));
}

function add(more: Totals): void {
  for (const name of ['seeds', 'sellerDays', 'events', 'documents', 'starts', 'comparisons', 'rows'] as const)
    totals[name] += more[name];
  for (const [kind, count] of Object.entries(more.faults))
    totals.faults[kind] = (totals.faults[kind] ?? 0) + count;
  totals.failed.push(...more.failed);
}

function report(): void {
  const seconds = (Date.now() - startedMs) / 1000;
  const perMinute = Math.round((totals.sellerDays / seconds) * 60);
  const faults = Object.entries(totals.faults).sort(([, a], [, b]) => b - a);
  console.log(
    `${totals.seeds} seeds from ${seed} to ${seed + seeds - 1}: ${totals.sellerDays} seller-days in ${seconds.toFixed(0)} s, ${perMinute} a minute; ${totals.documents} documents, ${totals.starts} processes, ${totals.events} events, ${Math.round(totals.events / seconds)} a second`,
  );
  if (warehouse)
    console.log(`${totals.comparisons} comparisons with ${warehouse}, of ${totals.rows} rows together`);
  console.log(`faults: ${faults.map(([kind, count]) => `${count} ${kind}`).join(', ') || 'none'}`);
  console.log(totals.failed.length > 0 ? `failed: ${totals.failed.join(' ')}` : 'all promises kept');
}
