import type { Command } from 'commander';
import { marketplaceOption } from './options.js';

/** Metadata that Amazon would state for a document from disk. */
export interface SampleOptions {
  marketplace?: string[];
  contentType?: string;
}

/** Adds the options for this metadata to a command. `notes` are added to their descriptions. */
export function sampleOptions(command: Command, notes: { marketplace?: string } = {}): Command {
  const marketplace = 'marketplace id or country code; separate several by commas';
  return command
    .option(
      '--marketplace <ID>',
      notes.marketplace ? `${marketplace} (${notes.marketplace})` : marketplace,
      marketplaceOption,
    )
    .option('--content-type <TYPE>', "content type of the download, such as 'text/plain; charset=Cp1252'");
}
