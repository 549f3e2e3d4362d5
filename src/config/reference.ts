import { type JsonSchema, jsonSchema, referencePage } from '../yaml/spec-reference.js';
import { configSpec } from './spec.js';
import { variablePattern } from './substitute.js';

/** Returns the page docs/pipelines.md: every key of pipelines.yaml, from the spec. */
export function configReference(): string {
  return `# pipelines.yaml

The settings of \`sp-reports\`: warehouse, sellers, pipelines. The shipped \`pipelines.yaml\` is an example to start from. For completion and checks in
an editor with a YAML language server, begin the file with
\`# yaml-language-server: $schema=./docs/pipelines.schema.json\`.

In a value, \`\${NAME}\` is replaced by a [variable](#variables). \`\${NAME:-default}\` uses a default if the variable is unset or empty. \`$\${\`
is a literal \`\${\`. Inside { } and [ ] such a value needs quotes. Credentials are always variables and never written into the file,
except invented ones for a sandbox on this machine.
\`sp-reports config check\` reports all unset variables, unknown keys and wrong values at once, each with its line and column.
Relative paths are relative to the folder of the file.

${referencePage(configSpec)}
## Variables

Variables come from the environment and from a file \`.env\` beside \`pipelines.yaml\`, which \`sp-reports init\` writes. A variable of the
environment wins, unless it is empty. \`sp-reports config check\` shows where each variable comes from.

\`\`\`text
# A comment
LWA_CLIENT_ID=amzn1.application-oa2-client.1234
LWA_CLIENT_SECRET='blanks, # and "quotes" need single quotes'
\`\`\`

Keep the file out of version control, and readable only by the user that the program runs as (\`chmod 600 .env\`). A line that is not
\`NAME=value\`, a name set twice, an unquoted \`#\` within a value and a quote that is not closed are errors, with their line. Variables are
not filled in within the file. Those that begin with \`AWS_\` and \`GOOGLE_\` also reach the libraries of AWS and Google, so that the keys of the
queue and of buckets may be there too.

## An example

\`\`\`yaml
sellers:
  - id: A1B2C3D4E5F6G7
    region: eu
    marketplaces: [DE, FR]
    credentials:
      clientId: \${LWA_CLIENT_ID}
      clientSecret: \${LWA_CLIENT_SECRET}
      refreshToken: \${LWA_REFRESH_TOKEN}
pipelines:
  - name: money
    schedule: '0 * * * *'
    timezone: Europe/Berlin
    queue: https://sqs.eu-central-1.amazonaws.com/123456789012/reports
    reportTypes: [GET_V2_SETTLEMENT_*, GET_FBA_REIMBURSEMENTS_DATA]
    sweep: '0 5 * * *'
    request:
      - reportType: GET_FBA_REIMBURSEMENTS_DATA
        window: 1 day
        cron: '0 4 * * *'
\`\`\`
`;
}

/**
 * Returns the JSON Schema (draft 7) of pipelines.yaml for editors. It allows a variable wherever
 * the spec allows a value.
 */
export function configJsonSchema(): JsonSchema {
  return allowVariables(jsonSchema(configSpec));
}

function allowVariables(schema: JsonSchema): JsonSchema {
  const { description, default: fallback, ...rest } = schema;
  const limits = Object.keys(rest).some((key) => key !== 'type');
  const isText = schema.type === 'string';
  if (schema.pattern === variablePattern || (isText && !limits)) return schema;
  if (isText || schema.type === 'number' || schema.type === 'integer') {
    const options = [rest, { type: 'string', pattern: '\\$\\{' }];
    return {
      anyOf: options,
      description,
      default: fallback,
    };
  }
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      if (key === 'properties') {
        return [
          key,
          Object.fromEntries(
            Object.entries(value).map(([name, each]) => [name, allowVariables(each as JsonSchema)]),
          ),
        ];
      }
      if (key === 'items') return [key, allowVariables(value as JsonSchema)];
      if (key === 'anyOf') return [key, (value as JsonSchema[]).map(allowVariables)];
      return [key, value];
    }),
  ) as JsonSchema;
}
