import type { Command } from 'commander';
import {
  type CheckedConfig,
  checkConfig,
  firstSteps,
  mistakesError,
  warehouseName,
} from '../../config/read.js';
import { requestNotes } from '../../config/request-notes.js';
import { withoutSecrets } from '../../config/secrets.js';
import { windowOf } from '../../config/request-spec.js';
import type { Config } from '../../config/spec.js';
import { publishConfig } from '../../config/warehouse-spec.js';
import { systemClock } from '../../runtime/clock.js';
import { ownTables } from '../../ingest/own-tables/own-tables.js';
import { packagedSchemasFolder, readSchemas } from '../../schema/read.js';
import { unknownStaleTables, unknownTypes } from '../output/config-notes.js';
import { type Io, resultWidth } from '../setup/io.js';
import { configOptions } from '../setup/open-context.js';
import { textTable } from '../output/text-table.js';

/** Runs `sp-reports config check`. */
export async function configCheckAction(
  options: { json?: boolean },
  command: Command,
  io: Io,
  exit: (code: number) => void,
): Promise<void> {
  const checked = checkConfig(configOptions(command, io));
  if (options.json) {
    io.stdout.write(`${JSON.stringify(checkedJson(checked), null, 2)}\n`);
    if (!checked.config) exit(2);
    return;
  }
  if (!checked.config) throw mistakesError(checked);
  for (const table of ownTables(checked.config)) await table.read();
  io.stdout.write(configText(checked.config, checked, resultWidth(io)));
}

function checkedJson(checked: CheckedConfig): Record<string, unknown> {
  const { name, config, problems, variables } = checked;
  if (!config) return { file: name, problems, variables };
  const { unsetPipelines: _, unsetSellers: __, ...settings } = config;
  return { ...(withoutSecrets(settings) as object), problems, variables, notes: notesOf(config, checked) };
}

function notesOf(config: Config, { exposure }: CheckedConfig): string[] {
  const schemas = readSchemas({ folders: [packagedSchemasFolder(), config.schemas] });
  return [
    ...(exposure ? [`${exposure.found}. ${exposure.next}`] : []),
    ...unknownTypes(config, schemas),
    ...unknownStaleTables(config, schemas),
    ...config.pipelines.flatMap((each) => requestNotes(each, config, schemas, systemClock.now())),
  ];
}

function configText(config: Config, checked: CheckedConfig, width: number | undefined): string {
  const fitting = { width, wrap: true };
  const copy = publishConfig(config.warehouse);
  const locations = [
    ['warehouse', warehouseName(config)],
    ...(copy ? [['copy of the warehouse', copy.path]] : []),
    ['lake', config.lake],
    ['raw', config.raw],
    ['state', config.state],
    ['schemas', config.schemas],
  ];
  const variables = Object.entries(checked.variables);
  const sellers = config.sellers.map(({ id, name, region, marketplaces }) => [
    id,
    name,
    region,
    marketplaces.join(', '),
  ]);
  const pipelines = config.pipelines.map((each) => [
    each.name,
    each.schedule,
    each.sweep,
    each.timezone,
    each.reportTypes.join(', '),
    each.pii,
    each.queue,
  ]);
  const requests = config.pipelines.flatMap(({ name, request }) =>
    request.map(({ reportType, cron, period, ...each }) => {
      const window = windowOf(each);
      return [
        name,
        reportType,
        window ? `${window.count} ${window.unit}` : null,
        cron ?? `Amazon, ${period}`,
      ];
    }),
  );
  return [
    `${config.file}: no mistakes\n`,
    ...notesOf(config, checked).map((note) => `note: ${note}\n`),
    textTable(['folder or file', 'path'], locations, fitting),
    ...(variables.length > 0 ? [textTable(['variable', 'comes from'], variables, fitting)] : []),
    textTable(['seller', 'name', 'region', 'marketplaces'], sellers, fitting),
    textTable(
      ['pipeline', 'schedule', 'sweep', 'time zone', 'report types', 'personal data', 'queue'],
      pipelines,
      fitting,
    ),
    ...(requests.length > 0
      ? [textTable(['pipeline', 'requests', 'window', 'when'], requests, fitting)]
      : []),
    ...(pipelines.length === 0
      ? [`There are no pipelines yet, so there is nothing to run. ${firstSteps}\n`]
      : []),
  ].join('\n');
}
