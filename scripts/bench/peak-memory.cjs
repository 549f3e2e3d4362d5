// Preloaded: writes the peak memory of a process, in kilobytes, and its CPU time, in microseconds, to
// the file that PEAK_MEMORY_FILE names.
const { appendFileSync } = require('node:fs');
process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  appendFileSync(process.env.PEAK_MEMORY_FILE, `${maxRSS} ${userCPUTime + systemCPUTime}\n`);
});
