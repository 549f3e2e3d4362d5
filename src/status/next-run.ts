import cron from 'node-cron';

/** The soonest next time of some cron expressions, ISO 8601; undefined where there is none. */
export function nextRun(expressions: string[], timezone: string): string | undefined {
  const times = expressions.flatMap((expression) => {
    const task = cron.createTask(expression, () => {}, { timezone });
    const next = task.getNextRuns(1).map((time) => time.toISOString());
    void task.destroy();
    return next;
  });
  return times.sort()[0];
}
