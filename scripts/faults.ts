import { faultCases, takesBigQuery, tryFault } from '../test/faults/fault-table.js';

/**
 * `npm run faults [-- --only TEXT]`: prints each fault between the program and a service, and its
 * result.
 */
const at = process.argv.indexOf('--only');
const only = at < 0 ? '' : (process.argv[at + 1] ?? '');
process.stdout.write(
  '| what happened | what the program did, run by run | rows lost | rows twice | seconds |\n|---|---|---:|---:|---:|\n',
);
for (const each of faultCases.filter(({ name }) => name.includes(only))) {
  if (takesBigQuery(each) && !process.env.BIGQUERY_EMULATOR) {
    process.stderr.write(
      `skipped: ${each.name}: BIGQUERY_EMULATOR is not set; see scripts/bigquery-emulator\n`,
    );
    continue;
  }
  const { name, did, lost, twice, seconds, differences } = await tryFault(each);
  process.stdout.write(`| ${[name, did, lost, twice, seconds.toFixed(1)].join(' | ')} |\n`);
  for (const difference of differences) process.stderr.write(`${difference}\n`);
  if (differences.length > 0) process.exitCode = 1;
}
