import type { StatusSnapshot } from './types.js';

/**
 * Returns the codes of the problems that keep the program from loading anything; none if it is
 * ready. These are an unreadable warehouse, commits that can't be made (a warehouse that another
 * program holds, a full disk, a folder or a bucket that can't be written), an unreachable queue, or
 * login refused for all sellers. If only some sellers are refused, alarms report it: the others
 * continue.
 */
export function notReadyFor({ warehouse, commits, queues, sellers }: StatusSnapshot): string[] {
  const codes: string[] = [];
  if (warehouse.problem) codes.push(warehouse.problem.code);
  else if (warehouse.readAt === undefined) codes.push('STARTING');
  if (commits.problem) codes.push(commits.problem.code);
  for (const { problem } of queues) if (problem) codes.push(problem.code);
  const [refusal] = sellers.flatMap(({ credentials }) => credentials.refused ?? []);
  if (refusal && sellers.every(({ credentials }) => credentials.refused)) codes.push(refusal.code);
  return [...new Set(codes)];
}
