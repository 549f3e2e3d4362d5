import { tryFileFaults, writtenFolders } from '../test/faults/file-fault-table.js';
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

process.stdout.write(
  '\n| file system | calls that failed | of them harmless | problems |\n|---|---:|---:|---:|\n',
);
for (const folder of writtenFolders) {
  for (const lasts of ['once', 'on'] as const) {
    const name = `files: ${folder}, ${lasts === 'once' ? 'one call fails' : 'each call from one on fails'}`;
    if (!name.includes(only)) continue;
    const { faults, harmless, problems } = await tryFileFaults(folder, { lasts });
    process.stdout.write(`| ${[name, faults, harmless, problems.length].join(' | ')} |\n`);
    for (const problem of problems) process.stderr.write(`${problem}\n`);
    if (problems.length > 0) process.exitCode = 1;
  }
}
