import assert from 'node:assert/strict';
import { findMutation, mutations } from './mutations.js';

describe('the simulation of a program with a mistake', () => {
  const maxSeeds = 20;

  for (const [name, mistake] of Object.entries(mutations)) {
    it(`finds within ${maxSeeds} seeds that ${name}`, async () => {
      assert.ok(await findMutation(mistake, { maxSeeds, given: mistake.given }));
    });
  }
});
