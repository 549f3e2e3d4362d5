import type { StatusSnapshot } from './types.js';

/**
 * What keeps the program from loading anything, as codes; nothing where it is ready: the warehouse can't be read, a queue can't be asked,
 * or Amazon refuses the logins of all sellers. One seller of several that is refused is a matter of alarms: the others go on.
 */
export function notReadyFor({ warehouse, queues, sellers }: StatusSnapshot): string[] {
  const codes: string[] = [];
  if (warehouse.problem) codes.push(warehouse.problem.code);
  else if (warehouse.readAt === undefined) codes.push('STARTING');
  for (const { problem } of queues) if (problem) codes.push(problem.code);
  const [refusal] = sellers.flatMap(({ credentials }) => credentials.refused ?? []);
  if (refusal && sellers.every(({ credentials }) => credentials.refused)) codes.push(refusal.code);
  return [...new Set(codes)];
}
