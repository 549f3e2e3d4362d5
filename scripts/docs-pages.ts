import { Writable } from 'node:stream';
import type { Command } from 'commander';
import { buildProgram } from '../src/cli.js';
import { answerNotes } from '../src/commands/query.js';
import { configJsonSchema, configReference } from '../src/config/reference.js';
import { catalogue } from '../src/errors/reports-error.js';
import { warningCatalogue } from '../src/errors/warnings.js';
import { packagedSchemasFolder, readSchemas } from '../src/schema/read.js';
import { schemaJsonSchema, schemaReference } from '../src/schema/reference.js';
import { reportTypesPage } from '../src/schema/report-types-page.js';
import { readViews } from '../src/schema/views.js';
import { viewsPage } from '../src/schema/views-page.js';

/**
 * Returns the generated pages of docs/, by path. `npm run docs` writes them; a test compares them.
 */
export function docsPages(): Map<string, string> {
  const folders = [packagedSchemasFolder()];
  const schemas = readSchemas({ folders });
  return new Map([
    ['docs/cli.md', cliPage()],
    ['docs/errors.md', errorsPage()],
    ['docs/pipelines.md', configReference()],
    ['docs/pipelines.schema.json', `${JSON.stringify(configJsonSchema(), null, 2)}\n`],
    ['docs/schemas.md', schemaReference()],
    ['docs/report-types.md', reportTypesPage(schemas.values())],
    ['docs/views.md', viewsPage(readViews({ folders }, schemas), schemas)],
    ['docs/report-schema.schema.json', `${JSON.stringify(schemaJsonSchema(), null, 2)}\n`],
  ]);
}

function errorsPage(): string {
  const rows = Object.entries(catalogue).map(([code, { kind, message, remedy }]) => {
    return `| ${[`\`${code}\``, kind, cell(message), cell(remedy)].join(' | ')} |`;
  });
  const warnings = Object.entries(warningCatalogue).map(
    ([code, { message, remedy }]) => `| ${[`\`${code}\``, cell(message), cell(remedy)].join(' | ')} |`,
  );
  return `# Errors

Every error has a code whose meaning never changes. After a *terminal* error a document is quarantined: its raw bytes are kept, the reason is in the
ledger, and it is not retried endlessly. After a *retryable* error its message goes back to the queue and is received again. A \`{name}\` is
replaced by the details of the case.

| code | kind | message | what to do |
|---|---|---|---|
${rows.join('\n')}

## Warnings

A warning is about a document that was loaded. \`load\`, \`run\` and \`loads\` print it, the status page and the metrics count it, and the ledger keeps it
in \`_loads.warnings\` with its code:

\`\`\`sql
SELECT document_id, warnings FROM _loads WHERE json_array_length(warnings) > 0
\`\`\`

| code | message | what to do |
|---|---|---|
${warnings.join('\n')}
`;
}

function cell(text: string): string {
  return text.replaceAll('\n', ' ').replaceAll('|', '\\|');
}

function cliPage(): string {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const io = { stdout: nowhere, stderr: nowhere, env: {}, cwd: '/', onStopSignal: () => () => {} };
  const program = buildProgram(io, () => {});
  program.configureHelp({ helpWidth: 100 });
  return `# Command line

Results go to stdout, everything else to stderr: a progress bar on a terminal, JSON log lines elsewhere. Exit codes: 0 if all went well; 1 if
something was quarantined or failed; 2 for wrong usage, including an invalid \`pipelines.yaml\` or report schema.

${helpSections(program, 'sp-reports')}
## Output of query

${answerNotes}
`;
}

function helpSections(command: Command, name: string): string {
  const own = `## ${name}\n\n\`\`\`text\n${command.configureHelp({ helpWidth: 100 }).helpInformation().trimEnd()}\n\`\`\`\n`;
  return [own, ...command.commands.map((each) => helpSections(each, `${name} ${each.name()}`))].join('\n');
}
