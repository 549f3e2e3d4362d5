import { readdirSync, readFileSync } from 'node:fs';
import { crashTypes, makeCrashWorld } from '../test/ingest/crash-matrix.js';
import { sellerId } from '../test/ingest/world.js';
import { numberOption } from './options.js';

/**
 * `npm run soak [-- --notifications 10000 --sellers 40]`: one program drains the notifications of
 * sellers, while its memory and open files are measured. Linux only. With a seller for 15
 * documents, which are as many calls as its quota allows at once, no quota limits the drain.
 */
const notifications = numberOption('notifications', 10_000);
const documents = Math.round(notifications * 0.9);
const rowsEach = 20;
const sellerCount = numberOption('sellers', 40);
const sellers = [sellerId, ...Array.from({ length: sellerCount - 1 }, (_, index) => `A${index}SOAKSELLER`)];
const world = await makeCrashWorld({
  moreSellers: sellers.slice(1),
  pipelines: [
    { limits: { waitTimeSeconds: 0, concurrency: 4, maxDocuments: notifications * 2, maxMinutes: 600 } },
  ],
});
const samples: { loaded: number; megabytes: number; files: number }[] = [];
try {
  const { sandbox } = world;
  for (let index = 0; index < documents; index += 1) {
    const rows = Array.from({ length: rowsEach }, (_, row) => `${index}-${row}\t${row}.25\t${row}`);
    const report = sandbox.addReport({
      sellerId: sellers[index % sellers.length] as string,
      // Only append and merge keep all rows, so that they can be counted.
      reportType: crashTypes[index % 2] as string,
      reportId: String(100_000 + index),
      documentId: `soak-${index}`,
      body: Buffer.from(`id\tamount\tquantity\n${rows.join('\n')}\n`),
    });
    await sandbox.notify(report);
    if (index % 9 === 0) await sandbox.notify(report);
  }
  const startedMs = Date.now();
  let timer: NodeJS.Timeout | undefined;
  const ran = await world.spawnRun(['run', '--json', '--log-level', 'warn'], {}, undefined, ({ pid }) => {
    timer = setInterval(() => {
      const loaded = sandbox.state.calls.filter(({ operation }) => operation === 'download').length;
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const megabytes = Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
      samples.push({ loaded, megabytes, files: readdirSync(`/proc/${pid}/fd`).length });
    }, 2000);
  });
  clearInterval(timer);
  const seconds = (Date.now() - startedMs) / 1000;
  const { outcomes, failures } = JSON.parse(ran.stdout) as {
    outcomes: Record<string, number>;
    failures: object[];
  };
  const counted = await Promise.all(
    ['crash_append', 'crash_merge', '_loads'].map(async (table) => {
      const [row] = await world.query(
        `SELECT count(*)::INT AS rows, count(DISTINCT ${table === '_loads' ? 'key' : 'id'})::INT AS different FROM ${table}`,
      );
      return row as { rows: number; different: number };
    }),
  );
  const rows = counted.slice(0, 2).reduce((sum, each) => sum + each.rows, 0);
  const different = counted.slice(0, 2).reduce((sum, each) => sum + each.different, 0);
  const { visible, inFlight } = await sandbox.queueDepth();
  process.stdout.write('| documents | memory, MB | open files |\n|---:|---:|---:|\n');
  for (let part = 1; part <= 10; part += 1) {
    const sample = samples.find(({ loaded }) => loaded >= (documents * part) / 10) ?? samples.at(-1);
    if (sample) process.stdout.write(`| ${sample.loaded} | ${sample.megabytes} | ${sample.files} |\n`);
  }
  const lost = documents * rowsEach - different;
  const twice = rows - different;
  process.stdout.write(
    `\n${notifications} notifications in ${Math.round(seconds)} s, ${(documents / seconds).toFixed(1)} documents a second: ${JSON.stringify(outcomes)}; ${failures.length} failures; rows lost ${lost}, twice ${twice}; ledger ${counted[2]?.rows} of ${documents}; left on the queue ${visible + inFlight}\n`,
  );
  if (ran.code !== 0 || lost || twice || visible + inFlight || counted[2]?.rows !== documents)
    process.exitCode = 1;
} finally {
  await world.close();
}
