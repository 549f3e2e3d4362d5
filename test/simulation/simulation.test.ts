import assert from 'node:assert/strict';
import { buildProgram, type Program } from './program.js';
import { type Scenario, scenarioOf, simulate } from './simulate.js';

describe('the simulation of the whole system', () => {
  let program: Program;

  before(async () => {
    program = await buildProgram();
  });

  const small: Partial<Scenario> = { days: 1, sellers: 2, replicas: 2, reportsPerDay: 5, inBursts: false };
  const everyFault = {
    kills: 10,
    stops: 4,
    pauses: 2,
    clockJumps: 1,
    outages: 3,
    partitions: 1,
    lostRequests: 0.02,
    lostAnswers: 0.02,
    duplicates: 0.05,
    lostNotifications: 0.1,
    doubleNotifications: 0.1,
    brokenDownloads: 0.1,
    powerCuts: 3,
  };

  it('takes two runs of a seed through the same events', async () => {
    const scenario = scenarioOf(1, { ...small, swarm: everyFault });
    const first = await simulate(program, scenario);
    const second = await simulate(program, scenario);
    assert.equal(second.hash, first.hash);
    assert.ok(first.documents > 5 && first.events > 10_000);
  });

  it('takes another seed through other events', async () => {
    const tiny: Partial<Scenario> = { ...small, sellers: 1, replicas: 1, swarm: {} };
    const first = await simulate(program, scenarioOf(1, tiny));
    const second = await simulate(program, scenarioOf(2, tiny));
    assert.notEqual(second.hash, first.hash);
  });

  it('finds that all promises are kept under every kind of fault', async () => {
    const { violation } = await simulate(program, scenarioOf(11, { ...small, swarm: everyFault }));
    assert.equal(violation, undefined);
  });
});
