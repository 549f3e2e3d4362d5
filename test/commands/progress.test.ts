import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { openProgress } from '../../src/commands/setup/progress.js';
import { Terminal } from './terminal.js';

describe('the progress bar of a terminal', () => {
  it('does not appear before there is work, however long that takes, and makes way for warnings', async () => {
    const terminal = new Terminal();
    const progress = openProgress(
      { stdout: terminal, stderr: terminal, env: {}, cwd: '', onStopSignal: () => () => {} },
      { title: 'load' },
    );
    try {
      // The library of the bar draws by a timer of its own.
      await sleep(300);
      progress.log.warn('the disk is slow');
      assert.equal(terminal.text, 'the disk is slow\n');
      for (const key of ['a', 'b']) progress.onEvent({ event: 'work_found', key, reportType: 'GET_X' });
      await sleep(300);
      assert.match(terminal.text, /load .* 0\/2 documents/);
    } finally {
      progress.close();
    }
  });
});
