import { execFile, spawnSync } from 'node:child_process';
import { close, openSync, read, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { Random } from '../../src/sandbox/random.js';
import { FuseServer, maxRequestBytes } from './fuse.js';
import { LossyDisk } from './lossy-disk.js';

/**
 * Mounts a `LossyDisk` at the folder of its first argument, and serves it in a process of its own:
 * a program that waits for its disk can't serve it. Its parent sends `Order`s and receives
 * `DiskEvent`s.
 */
export type Order =
  /** Cut the power in place of the change with this number, from 1 on; without a number, never. */
  | { order: 'plan'; cutAt?: number }
  /** Mount what survives. Whoever still uses the disk must be about to end. */
  | { order: 'restart'; seed: number };

export type DiskEvent =
  | { event: 'mounted' }
  | { event: 'refused'; reason: string }
  /** The power is cut: no request is answered. */
  | { event: 'cut'; operation: string }
  /** How many changes there were since the last plan. */
  | { event: 'planned'; changes: number }
  /** How many changes were lost. */
  | { event: 'restarted'; lost: number };

const readSome = promisify(read);
const closeFile = promisify(close);
const runCommand = promisify(execFile);
const folder = process.argv[2] ?? '';
const disk = new LossyDisk();
let cutAt: number | undefined;
let changes = 0;
/** `off`: no request is answered. `failing`: who still waits learns that the disk is gone. */
let power: 'on' | 'off' | 'failing' = 'on';
/** Answers the requests that came while the power was off. */
let held: (() => void)[] = [];
/** Settles when the last mount has ended. */
let serving: Promise<void>;

function send(event: DiskEvent): void {
  process.send?.(event);
}

function mount(): string | undefined {
  let device: number;
  try {
    device = openSync('/dev/fuse', 'r+');
  } catch (error) {
    return (error as Error).message;
  }
  const options = 'fd=3,rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other';
  const { status, stderr, error } = spawnSync(
    'mount',
    ['-i', '-t', 'fuse', '-o', options, 'lossy-disk', folder],
    { stdio: ['ignore', 'ignore', 'pipe', device], encoding: 'utf8' },
  );
  if (status !== 0) return error?.message ?? stderr.trim();
  serving = serve(device);
  return undefined;
}

async function serve(device: number): Promise<void> {
  const server = new FuseServer(disk);
  const buffer = Buffer.alloc(maxRequestBytes);
  for (;;) {
    let bytes: number;
    try {
      ({ bytesRead: bytes } = await readSome(device, buffer, 0, buffer.length, null));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // The request was taken back before it was read.
      if (code === 'ENOENT' || code === 'EINTR' || code === 'EAGAIN') continue;
      // It is unmounted.
      await closeFile(device);
      return;
    }
    const request = server.read(buffer.subarray(0, bytes));
    if (request.isChange && power === 'on') {
      changes += 1;
      if (changes === cutAt) {
        power = 'off';
        send({ event: 'cut', operation: request.operation ?? '' });
      }
    }
    if (power === 'off') held.push(() => reply(device, request.failure()));
    else reply(device, power === 'failing' && request.isChange ? request.failure() : request.answer());
  }
}

function reply(device: number, answer: Buffer | undefined): void {
  try {
    if (answer) writeSync(device, answer);
  } catch {
    // Nobody waits for the answer any more.
  }
}

async function restart(seed: number): Promise<void> {
  power = 'failing';
  for (const fail of held) fail();
  held = [];
  // The first ends what still uses the disk, the second also succeeds if something does. Both look
  // at the folder, so this process has to go on answering.
  for (const how of ['-f', '-l']) await runCommand('umount', [how, folder]).catch(() => {});
  await serving;
  const lost = disk.cut(new Random(seed));
  cutAt = undefined;
  changes = 0;
  power = 'on';
  const reason = mount();
  send(reason === undefined ? { event: 'restarted', lost } : { event: 'refused', reason });
}

process.on('message', (order: Order) => {
  if (order.order === 'restart') return void restart(order.seed);
  cutAt = order.cutAt;
  send({ event: 'planned', changes });
  changes = 0;
});
// A signal to the whole group ends the parent, and then this process unmounts the folder.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
process.on('disconnect', async () => {
  power = 'failing';
  for (const fail of held) fail();
  await runCommand('umount', ['-l', folder]).catch(() => {});
  // A call that still reads from the kernel would keep the process.
  process.kill(process.pid, 'SIGKILL');
});
const reason = mount();
send(reason === undefined ? { event: 'mounted' } : { event: 'refused', reason });
