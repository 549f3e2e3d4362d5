import { type ContractMode, contractModes } from './contract-spec.js';
import { type PipelineSubject, pipelinesOf } from './pipelines-of.js';
import type { Config } from './spec.js';

/** What happens to unknown columns and to values that do not fit, in one table. */
export interface SchemaContract {
  columns: ContractMode;
  dataType: ContractMode;
}

/** Returns the contract of a table. */
export type ContractOf = (table: string) => SchemaContract;

/** The contracts of the tables of a document, by its pipelines; the strictest applies. */
export function schemaContract(
  subject: PipelineSubject,
  config: Pick<Config, 'pipelines' | 'unsetPipelines'>,
): ContractOf {
  const contracts = pipelinesOf(subject, config).map((pipeline) => pipeline.schemaContract);
  return (table) => {
    const ofTable = contracts.map(({ tables, ...usual }) => ({
      own: tables.find(({ name }) => name === table),
      usual,
    }));
    return {
      columns: strictest(ofTable.map(({ own, usual }) => own?.columns ?? usual.columns)),
      dataType: strictest(ofTable.map(({ own, usual }) => own?.dataType ?? usual.dataType)),
    };
  };
}

function strictest(modes: ContractMode[]): ContractMode {
  return contractModes.findLast((mode) => modes.includes(mode)) ?? 'evolve';
}
