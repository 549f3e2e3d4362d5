import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

/** Runs `work` on a disk that is full from the `failAt`-th write on. */
export async function withFullDisk(folder: string, failAt: number, work: () => Promise<void>): Promise<void> {
  const probe = await open(join(folder, 'probe'), 'w');
  const handle = Object.getPrototypeOf(probe) as { writeFile: FileHandle['writeFile'] };
  const { writeFile } = handle;
  let writes = 0;
  handle.writeFile = async function (this: FileHandle, ...given) {
    writes += 1;
    if (writes < failAt) return writeFile.apply(this, given);
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
  try {
    await work();
  } finally {
    handle.writeFile = writeFile;
    await probe.close();
  }
}
