import { systemClock } from '../../runtime/clock.js';
import type { Command } from 'commander';
import type { Logger } from 'pino';
import { checkConfig, mistakesError } from '../../config/read.js';
import type { Config } from '../../config/spec.js';
import { type Check, examine, type Finding } from '../../connect/examine.js';
import {
  bucketChecks,
  clockCheck,
  diskChecks,
  publishChecks,
  warehouseCheck,
} from '../../connect/machine-checks.js';
import { queueChecks } from '../../connect/queue-checks.js';
import { secretChecks } from '../../connect/secret-checks.js';
import { sellerChecks } from '../../connect/seller-checks.js';
import { packagedSchemasFolder, readSchemas } from '../../schema/read.js';
import { readQueueAttributes } from '../../source/queue-attributes.js';
import { endpointOf } from '../../source/selling-partner/call-api.js';
import { openClientSecrets } from '../../source/selling-partner/client-secrets.js';
import { openLogin } from '../../source/selling-partner/login.js';
import type { QuotaPlan } from '../../source/selling-partner/quota.js';
import { openSellingPartner } from '../../source/selling-partner/selling-partner.js';
import { pluralize } from '../../text/pluralize.js';
import type { Io } from '../setup/io.js';
import { notificationsOf, seeClientSecrets, withQuota } from '../../library/open-amazon.js';
import { configOptions } from '../setup/open-context.js';
import { openProgress } from '../setup/progress.js';
import { openWarehouse } from '../../warehouse/open-warehouse.js';

/** Runs `sp-reports doctor`. */
export async function doctorAction(
  options: { json?: boolean },
  command: Command,
  io: Io,
  exit: (code: number) => void,
): Promise<void> {
  const print = (finding: Finding) => {
    io.stdout.write(options.json ? `${JSON.stringify(finding)}\n` : findingText(finding));
    if (finding.status === 'failed') exit(1);
  };
  let config: Config | undefined;
  const settings: Check = {
    name: 'settings',
    async look() {
      const checked = checkConfig(configOptions(command, io));
      if (!checked.config) throw mistakesError(checked);
      config = checked.config;
      const { sellers, pipelines } = config;
      const found = `${checked.name}: ${pluralize(sellers.length, 'seller')}, ${pluralize(pipelines.length, 'pipeline')}`;
      if (sellers.length > 0 && pipelines.length > 0) {
        const { exposure } = checked;
        return exposure ? { found: `${found}; ${exposure.found}`, next: exposure.next } : { found };
      }
      return { found, next: 'Add `sellers:` and `pipelines:`. docs/pipelines.md describes every key.' };
    },
  };
  for await (const finding of examine([settings])) print(finding);
  if (!config) return;
  const readable = config;
  const { log } = openProgress(io, { title: 'doctor', logLevel: 'warn' });
  await seeClientSecrets(readable, { log });
  await withQuota(readable, log, async (quota) => {
    for await (const finding of examine(checksOf(readable, quota, log))) print(finding);
  });
}

function checksOf(config: Config, quota: QuotaPlan, log: Logger): Check[] {
  const schemas = readSchemas({ folders: [packagedSchemasFolder(), config.schemas] });
  const reportTypes = [...new Set(config.pipelines.flatMap((pipeline) => pipeline.reportTypes))];
  const reached = new Set<string>();
  const queues = [...new Set(config.pipelines.map(({ queue }) => queue))].flatMap((url) => {
    const pipelines = config.pipelines.filter(({ queue }) => queue === url);
    return queueChecks(url, pipelines, async () => {
      const attributes = await readQueueAttributes({ url, ...config.aws });
      reached.add(attributes.arn);
      return attributes;
    });
  });
  const sellers = config.sellers.map((seller) => {
    const login = openLogin({
      sellerId: seller.id,
      credentials: seller.credentials,
      loginUrl: config.api.loginUrl,
    });
    return sellerChecks(
      {
        id: seller.id,
        logIn: async () => void (await login.accessToken()),
        sellingPartner: openSellingPartner({ seller, quota, ...config.api }),
        notifications: notificationsOf(seller, config, quota),
      },
      { reportTypes, schemas, queueArns: () => [...reached], now: systemClock.now },
    );
  });
  const [first] = config.sellers;
  return [
    ...diskChecks(config),
    ...bucketChecks(config),
    ...(first ? [clockCheck(endpointOf(first.region, config.api.endpoint), systemClock.now)] : []),
    ...sellers.map(({ login }) => login),
    ...secretChecks(config, openClientSecrets(config.state, { log }), systemClock.now),
    ...sellers.map(({ roles }) => roles),
    ...queues,
    ...sellers.map(({ subscription }) => subscription),
    warehouseCheck(openWarehouse(config)),
    ...publishChecks(config),
  ];
}

function findingText({ check, about, status, found, next }: Finding): string {
  const head = `${status.padEnd(7)}  ${[check, about].filter(Boolean).join(' ')}: ${found}\n`;
  return next === undefined ? head : `${head}${' '.repeat(9)}${next}\n`;
}
