import assert from 'node:assert/strict';
import { postgresUrl } from '../warehouse/postgres-server.js';
import { buildProgram, type Program } from './program.js';
import { type PlaceName, realScenario, simulateReal } from './real-warehouses/run-real.js';

describe('the simulation over real warehouses', () => {
  const kinds: { name: PlaceName; title: string; seeds: number[]; isThere: boolean; script: string }[] = [
    { name: 'duckdb', title: 'a DuckDB file', seeds: [5, 7], isThere: true, script: '' },
    {
      name: 'postgres',
      title: 'PostgreSQL',
      seeds: [1],
      isThere: postgresUrl !== undefined,
      script: 'POSTGRES_URLS names no server; see scripts/postgres',
    },
  ];
  let program: Program;

  before(async () => {
    program = await buildProgram(undefined, 'real-warehouses');
  });

  for (const { name, title, seeds, isThere, script } of kinds) {
    if (!isThere) {
      it(`finds ${title} as the model has it: pending, as ${script}`);
      continue;
    }
    for (const seed of seeds) {
      it(`finds ${title} as the model has it after each commit and kill, with seed ${seed}`, async () => {
        const { violation, counts } = await simulateReal(program, realScenario(seed), name);
        assert.equal(violation, undefined);
        assert.ok(counts.comparisons > 10 && counts.rows > 1000 && counts.twins > 5 && counts.kills > 0);
      });
    }
  }
});
