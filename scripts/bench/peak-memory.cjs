// Preloaded: writes the peak memory of a process, in kilobytes, to the file that PEAK_MEMORY_FILE names.
const { appendFileSync } = require('node:fs');
process.on('exit', () => {
  appendFileSync(process.env.PEAK_MEMORY_FILE, `${process.resourceUsage().maxRSS}\n`);
});
