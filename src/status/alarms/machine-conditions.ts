import { catalogue, type ErrorCode, isMachinesError } from '../../errors/reports-error.js';
import type { Condition } from './condition.js';
import type { PipelineSnapshot, ScheduleSnapshot, StatusSnapshot } from '../types.js';

/**
 * What the machine keeps a pipeline's last runs from: a full disk, a folder that can't be written.
 * One for each kind of run.
 */
export function machineConditions(pipelines: PipelineSnapshot[]): Condition[] {
  return pipelines.flatMap((pipeline) =>
    schedulesOf(pipeline).flatMap(([kind, { last }]): Condition[] => {
      const problem = [...(last?.error ? [last.error] : []), ...(last?.failures ?? [])].find(({ code }) =>
        isMachinesError(code),
      );
      if (!last || !problem) return [];
      return [
        {
          key: keyOf(pipeline, kind),
          kind: 'machine',
          title: `The machine keeps a ${kind} of ${pipeline.name} from its work`,
          text: `${problem.code}: ${problem.message}. ${catalogue[problem.code as ErrorCode].remedy}`,
          since: last.startedAt,
        },
      ];
    }),
  );
}

/** The keys of which nothing is known, as no such run of this process has ended. */
export function unknownMachineKeys(pipelines: PipelineSnapshot[]): string[] {
  return pipelines.flatMap((pipeline) =>
    schedulesOf(pipeline).flatMap(([kind, { last }]) => (last ? [] : [keyOf(pipeline, kind)])),
  );
}

/** The copy of the warehouse for other tools that can't be made. */
export function publishConditions({ published }: StatusSnapshot['warehouse']): Condition[] {
  if (!published?.problem) return [];
  const { message, since } = published.problem;
  const title = 'The copy of the warehouse for other tools is out of date';
  const text = `${message}. ${catalogue.PUBLISH_FAILED.remedy}`;
  return [{ key: publishKey, kind: 'machine', title, text, since }];
}

/** Only a process that makes the copy knows whether it can. */
export const publishKey = 'machine/publish';

function schedulesOf({ drain, sweep, request }: PipelineSnapshot): [string, ScheduleSnapshot][] {
  const schedules = Object.entries({ drain, sweep, request });
  return schedules.flatMap(([kind, snapshot]): [string, ScheduleSnapshot][] =>
    snapshot ? [[kind, snapshot]] : [],
  );
}

function keyOf({ name }: PipelineSnapshot, kind: string): string {
  return `machine/${name}/${kind}`;
}
