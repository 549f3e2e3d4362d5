import type { Command } from 'commander';
import { marketplaceOption } from './options.js';

/** Metadata that Amazon would state for a document from disk. */
export interface SampleOptions {
  marketplace?: string[];
  contentType?: string;
}

/** Adds the options for this metadata to a command. */
export function sampleOptions(command: Command): Command {
  return command
    .option(
      '--marketplace <ID>',
      'marketplace id or country code; separate several by commas',
      marketplaceOption,
    )
    .option('--content-type <TYPE>', "content type of the download, such as 'text/plain; charset=Cp1252'");
}
