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

A warning is about a document that was loaded. \`load\` and \`run\` print it. \`sp-reports loads --warnings\` lists all such documents, and
\`sp-reports loads DOCUMENT\` shows what to do. The status page and the metrics count warnings, and [alarms](alarms.md) report new ones. The ledger
keeps them in \`_loads.warnings\`. This query returns one row for each warning, in DuckDB:

\`\`\`sql
SELECT loaded_at, report_type, document_id,
  unnest(warnings->>'$[*].code') AS code, unnest(warnings->>'$[*].message') AS message
FROM _loads
WHERE json_array_length(warnings) > 0
ORDER BY loaded_at DESC, code
\`\`\`

in PostgreSQL:

\`\`\`sql postgres
SELECT loaded_at, report_type, document_id, warning->>'code' AS code, warning->>'message' AS message
FROM _loads CROSS JOIN jsonb_array_elements(warnings) AS warning
ORDER BY loaded_at DESC, code
\`\`\`

and in BigQuery:

\`\`\`sql bigquery
SELECT loaded_at, report_type, document_id,
  JSON_VALUE(warning, '$.code') AS code, JSON_VALUE(warning, '$.message') AS message
FROM _loads CROSS JOIN UNNEST(JSON_QUERY_ARRAY(warnings)) AS warning
ORDER BY loaded_at DESC, code
\`\`\`

\`_loads.decisions\` has the same form, with \`subject\`, \`value\` and \`reason\`. If the \`pii\` policy of a document's pipelines is not \`keep\`, its
warnings and decisions quote no values. \`purge\` removes what they say.

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
