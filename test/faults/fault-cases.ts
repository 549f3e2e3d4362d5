import assert from 'node:assert/strict';
import { type FaultCase, faultCases, takesBigQuery, tryFault } from './fault-table.js';
import type { FileFault } from './file-faults.js';
import { tryFileFaults, type writtenFolders } from './file-fault-table.js';

/** Defines a test for each of these faults between the program and a service. */
export function itSurvives(cases: FaultCase[]): void {
  for (const each of cases) {
    it(`${each.name}: nothing is lost and nothing is loaded twice`, async function () {
      if (takesBigQuery(each) && !process.env.BIGQUERY_EMULATOR) {
        console.warn('    skipped: BIGQUERY_EMULATOR is not set; see scripts/bigquery-emulator');
        return this.skip();
      }
      const { lost, twice, differences } = await tryFault(each);
      assert.deepEqual({ lost, twice, differences }, { lost: 0, twice: 0, differences: [] });
    });
  }
}

export function faultCase(name: string): FaultCase {
  return faultCases.find((each) => each.name === name) ?? assert.fail(name);
}

type Folder = (typeof writtenFolders)[number];

/** Every so many calls of the file system, one fails; `npm run faults` fails every call. */
const steps: Record<Folder, number> = { raw: 9, lake: 11, state: 11, warehouse: 2 };

/** Defines a test of failing calls in a folder. */
export function itSurvivesFileFaults(folder: Folder, lasts: FileFault['lasts']): void {
  const when = lasts === 'once' ? 'a call fails' : 'each call from one on fails';
  it(`${folder}: ${when}: nothing is lost, loaded twice or quarantined, and the error blames the machine`, async () => {
    const { faults, problems } = await tryFileFaults(folder, { lasts, step: steps[folder] });
    assert.deepEqual(problems, []);
    assert.ok(faults > 1, `${faults} faults`);
  });
}
