/**
 * Settings of all property tests, from the environment. Mocha loads this before the tests.
 * PROPERTY_RUNS: how many times their usual number of cases they try. PROPERTY_SECONDS: how long
 * each may take. PROPERTY_SEED and PROPERTY_PATH: the one case that a failed property printed.
 */
const { PROPERTY_RUNS, PROPERTY_SECONDS, PROPERTY_SEED, PROPERTY_PATH } = process.env;
const isSet = [PROPERTY_RUNS, PROPERTY_SECONDS, PROPERTY_SEED, PROPERTY_PATH].some(Boolean);

if (isSet) {
  const { default: fc } = await import('fast-check');
  fc.configureGlobal({
    ...(PROPERTY_RUNS && { numRuns: 100 * Number(PROPERTY_RUNS) }),
    ...(PROPERTY_SECONDS && { interruptAfterTimeLimit: 1000 * Number(PROPERTY_SECONDS) }),
    ...(PROPERTY_SEED && { seed: Number(PROPERTY_SEED), endOnFailure: true }),
    ...(PROPERTY_PATH && { path: PROPERTY_PATH }),
  });
}

export const mochaHooks = isSet
  ? {
      beforeEach() {
        this.currentTest.timeout(0);
      },
    }
  : {};
