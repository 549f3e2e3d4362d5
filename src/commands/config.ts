import { Command } from 'commander';
import type { Io } from './io.js';
import { readFullConfig } from './open-context.js';
import { textTable } from './text-table.js';

/** `sp-reports config check`. */
export function configCommand(io: Io): Command {
  return new Command('config').description('Settings.').addCommand(
    new Command('check')
      .description('Checks pipelines.yaml and shows what it comes to, secrets left out.')
      .option('--json', 'print a JSON object')
      .action(async (options: { json?: boolean }, command: Command) => {
        const config = readFullConfig(command, io);
        const sellers = config.sellers.map(({ credentials: _, ...seller }) => seller);
        if (options.json) {
          io.stdout.write(`${JSON.stringify({ ...config, sellers }, null, 2)}\n`);
          return;
        }
        io.stdout.write(`${config.file}: no mistakes\n\n`);
        const places = [
          ['warehouse', config.warehouse.path],
          ['lake', config.lake],
          ['raw', config.raw],
          ['state', config.state],
          ['schemas', config.schemas],
        ];
        io.stdout.write(textTable(['folder or file', 'path'], places));
        const sellerCells = sellers.map(({ id, name, region, marketplaces }) => [
          id,
          name,
          region,
          marketplaces.join(', '),
        ]);
        io.stdout.write(`\n${textTable(['seller', 'name', 'region', 'marketplaces'], sellerCells)}`);
        const pipelineCells = config.pipelines.map((each) => [
          each.name,
          each.schedule,
          each.sweep,
          each.timezone,
          each.reportTypes.join(', '),
          each.queue,
        ]);
        io.stdout.write(
          `\n${textTable(['pipeline', 'schedule', 'sweep', 'time zone', 'report types', 'queue'], pipelineCells)}`,
        );
      }),
  );
}
