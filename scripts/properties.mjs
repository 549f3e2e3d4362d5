import { createRequire } from 'node:module';
import imported from 'fast-check';

/**
 * Settings of all property tests. Mocha loads this before the tests. Their cases are the same each
 * time, so that a test which passed for one commit does not fail for the next one by chance, unless
 * the environment says otherwise. PROPERTY_RUNS: how many times their usual number of cases they
 * try, at random. PROPERTY_SECONDS: how long each may take. PROPERTY_SEED and PROPERTY_PATH: the
 * one case that a failed property printed.
 */
const { PROPERTY_RUNS, PROPERTY_SECONDS, PROPERTY_SEED, PROPERTY_PATH } = process.env;
const usualSeed = PROPERTY_RUNS ? undefined : 1;

// Mocha may import tests or require them, and either way fast-check has settings of its own.
for (const fc of [imported, createRequire(import.meta.url)('fast-check')]) {
  fc.configureGlobal({
    numRuns: 100 * Number(PROPERTY_RUNS ?? 1),
    seed: PROPERTY_SEED ? Number(PROPERTY_SEED) : usualSeed,
    ...(PROPERTY_SECONDS && { interruptAfterTimeLimit: 1000 * Number(PROPERTY_SECONDS) }),
    ...(PROPERTY_PATH && { path: PROPERTY_PATH, endOnFailure: true }),
  });
}

export const mochaHooks = PROPERTY_RUNS
  ? {
      beforeEach() {
        this.currentTest.timeout(0);
      },
    }
  : {};
