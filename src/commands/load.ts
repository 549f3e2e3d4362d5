import { Command, Option } from 'commander';
import type { LoadOptions } from './actions/load.js';
import { defaultMaxDocumentBytes } from '../config/default-limits.js';
import type { Io } from './setup/io.js';
import { positiveInteger, timeOption } from './setup/options.js';
import { sampleOptions } from './setup/sample-options.js';

/** `sp-reports load`: loads documents from disk. */
export function loadCommand(io: Io, exit: (code: number) => void): Command {
  const command = new Command('load')
    .description(
      'Loads report documents from disk, for example Seller Central downloads, without an Amazon account, and before them the costs and exchange rates of the settings, if they changed. Without a file, only those.',
    )
    .argument(
      '[file...]',
      'report documents, gzipped or not; folders and zip archives of them; patterns in quotes, such as "2026-*/*.txt"; - for standard input',
    )
    .option(
      '--type <REPORT_TYPE>',
      'their report type, such as GET_MERCHANT_LISTINGS_ALL_DATA (default: the one in the name of the file, its folder or its archive, otherwise the one whose schema explains the headers)',
    )
    .option('--name <NAME>', 'a file name for the document on standard input')
    .option('--new-type', 'accept a type without a schema whose name is nearly that of another type')
    .option(
      '--seller <ID>',
      'the seller they belong to (default: the only one in pipelines.yaml, otherwise "local")',
    );
  return sampleOptions(command, {
    marketplace:
      'default for each file: the one that the name of the file, its folder or its archive states, such as DE or amazon.de, otherwise what the document states for all of its rows',
  })
    .addOption(
      new Option('--compression <NAME>', 'compression that Amazon stated; the bytes take precedence').choices(
        ['GZIP'],
      ),
    )
    .option(
      '--created <time>',
      'creation time of the report; newer reports replace older ones (default: modification time of the file)',
      timeOption,
    )
    .option(
      '--max-document-bytes <number>',
      'maximum gunzipped size',
      positiveInteger,
      defaultMaxDocumentBytes,
    )
    .option('--json', 'print a JSON object for each document, one per line')
    .action(async (files: string[], options: LoadOptions, own: Command) => {
      const { loadAction } = await import('./actions/load.js');
      await loadAction(files, options, own, io, exit);
    });
}
