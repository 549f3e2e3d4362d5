import type { CatalogueEntry } from './entry.js';

/** Of the machine: whatever the document, it would have failed. */
export const machineErrors = {
  DISK_FULL: {
    kind: 'retryable',
    message: 'writing {path}: {found}',
    remedy: 'Free some space on the disk, then run the command again. Nothing was lost.',
  },
  FILE_SYSTEM_FAILED: {
    kind: 'retryable',
    message: 'working on {path}: {found}',
    remedy:
      'Make sure that the folder exists, is mounted, and can be written by the user that the program runs as, and that the process may open enough files (`ulimit -n`); `sp-reports doctor` tests each folder. Nothing was lost: messages stay on the queue, and a later run loads them.',
  },
  OPEN_FILES_LIMIT: {
    kind: 'retryable',
    message: 'starting: the process may have {found} files open at once, and it needs {limit}',
    remedy:
      'Raise the limit of open files, for example with `ulimit -n 1024`, `LimitNOFILE=1024` in a systemd unit, or `docker run --ulimit nofile=1024`, then start the program again. Nothing was lost.',
  },
  PROGRAM_UNREADABLE: {
    kind: 'retryable',
    message: "loading the program's own files from {path}: {found}",
    remedy:
      'Check the disk that the program is installed on, and install the program again if a file is missing. Nothing was lost: messages stay on the queue, and a later run loads them.',
  },
  OUT_OF_MEMORY: {
    kind: 'retryable',
    message: 'the machine has no memory left: {found}',
    remedy:
      'Give the program more memory, or lower `limits.concurrency` in pipelines.yaml, then run again. Nothing was lost.',
  },
} as const satisfies Record<string, CatalogueEntry>;
