import type { Program } from './program.js';
import { type Outcome, type Scenario, simulate } from './simulate.js';
import { faultKinds } from './swarm.js';

/** A scenario that breaks a promise, and what it breaks. */
export interface Failure {
  scenario: Scenario;
  outcome: Outcome;
}

/**
 * Reduces a scenario that fails, as long as it still fails: fewer machines, sellers, days and kinds
 * of faults. `maxRuns` bounds how many scenarios are tried.
 */
export async function shrink(
  program: Program,
  failure: Failure,
  maxRuns = 60,
  run: typeof simulate = simulate,
): Promise<Failure> {
  let smallest = failure;
  for (let runs = 0, isSmaller = true; isSmaller; ) {
    isSmaller = false;
    for (const scenario of smallerThan(smallest.scenario)) {
      if (runs === maxRuns) return smallest;
      runs += 1;
      const outcome = await run(program, scenario);
      if (outcome.violation === undefined) continue;
      smallest = { scenario, outcome };
      isSmaller = true;
      break;
    }
  }
  return smallest;
}

function* smallerThan(scenario: Scenario): Generator<Scenario> {
  for (const name of ['replicas', 'sellers', 'days'] as const) {
    const now = scenario[name];
    const smaller = new Set([1, Math.floor(now / 2), now - 1].filter((each) => each >= 1 && each < now));
    for (const each of smaller) yield { ...scenario, [name]: each };
  }
  for (const kind of faultKinds) {
    if (scenario.swarm[kind] === undefined) continue;
    const { [kind]: _, ...swarm } = scenario.swarm;
    yield { ...scenario, swarm };
  }
}

/** A test that runs a scenario again. */
export function asTest({ scenario, outcome }: Failure): string {
  const { swarm, ...rest } = scenario;
  const title = JSON.stringify(`keeps its promises: ${outcome.violation?.split('\n')[0]}`);
  return [
    `  it(${title}, async () => {`,
    `    const scenario = ${JSON.stringify({ ...rest, swarm })};`,
    '    assert.equal((await simulate(await buildProgram(), scenario)).violation, undefined);',
    '  });',
  ].join('\n');
}
