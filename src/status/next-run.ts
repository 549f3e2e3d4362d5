import cron from 'node-cron';

/**
 * Returns the earliest next time of several cron expressions in ISO 8601, or undefined if there is
 * none.
 */
export function nextRun(expressions: string[], timezone: string): string | undefined {
  const times = expressions.flatMap((expression) => {
    const task = cron.createTask(expression, () => {}, { timezone });
    const next = task.getNextRuns(1).map((time) => time.toISOString());
    void task.destroy();
    return next;
  });
  return times.sort()[0];
}
