import { Random } from '../../../src/sandbox/random.js';
import type { Program } from '../program.js';
import { type Outcome, type Scenario, simulate } from '../simulate.js';
import type { World } from '../world.js';
import { bigQueryPlace } from './bigquery-place.js';
import { duckDbPlace } from './duckdb-place.js';
import { postgresPlace } from './postgres-place.js';
import { type Counts, type Place, RealWarehouse } from './real-warehouse.js';

/** Opens a place for each world. */
export const places = {
  duckdb: duckDbPlace,
  postgres: postgresPlace,
  bigquery: bigQueryPlace,
} satisfies Record<string, (world: World) => Place>;

export type PlaceName = keyof typeof places;

export interface RealOutcome extends Outcome {
  counts: Counts;
}

/**
 * The scenario of a seed: short, with the faults that concern a warehouse. Kills come in the midst
 * of commits, and at any other call.
 */
export function realScenario(seed: number, given: Partial<Scenario> = {}): Scenario {
  const random = new Random(Math.imul(seed, 0x2c1b3c6d));
  const drawn = {
    days: 1,
    sellers: random.integer(1, 3),
    replicas: random.integer(1, 2),
    reportsPerDay: random.integer(6, 14),
    inBursts: random.chance(0.5),
    swarm: {
      kills: 8,
      stops: random.integer(0, 3),
      duplicates: 0.1,
      lostNotifications: 0.1,
      doubleNotifications: 0.2,
      lateNotifications: 0.3,
      lostRequests: 0.02,
      lostAnswers: 0.02,
      reloads: random.integer(0, 4),
      purges: random.integer(0, 2),
      verifies: random.integer(0, 2),
    },
  };
  return { seed, ...drawn, ...given };
}

/** Runs a scenario of a program built for real warehouses. */
export async function simulateReal(
  program: Program,
  scenario: Scenario,
  name: PlaceName,
  killChance = 0.3,
): Promise<RealOutcome> {
  const counts: Counts = { comparisons: 0, rows: 0, twins: 0, kills: 0 };
  const outcome = await simulate(program, scenario, (world) => {
    const killsUntilMs = world.loop.nowMs + scenario.days * 86_400_000;
    const place = places[name](world);
    return new RealWarehouse(world, { place, seed: scenario.seed, counts, killChance, killsUntilMs });
  });
  return { ...outcome, counts };
}
