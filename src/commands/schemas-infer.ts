import { Command } from 'commander';
import type { Io } from './setup/io.js';
import { type SampleOptions, sampleOptions } from './setup/sample-options.js';

/** `sp-reports schemas infer`: drafts a report schema from a document. */
export function inferCommand(io: Io): Command {
  const command = new Command('infer')
    .description('Drafts a report schema from a document and prints it. Review it, then save it in schemas/.')
    .argument('<file>', 'a report document, gzipped or not')
    .option('--type <REPORT_TYPE>', 'its report type (default: the beginning of the file name)');
  return sampleOptions(command).action(async (file: string, options: SampleOptions & { type?: string }) => {
    const { schemasInferAction } = await import('./actions/schemas-infer.js');
    await schemasInferAction(file, options, command, io);
  });
}
