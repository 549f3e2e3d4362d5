import type { CatalogueEntry } from './entry.js';

/** Errors of the queue and its notifications. */
export const queueErrors = {
  QUEUE_NOT_FOUND: {
    kind: 'terminal',
    message: 'receiving from {queue}: the queue does not exist',
    remedy:
      'Compare `queue` in pipelines.yaml with the URL that the AWS console shows, including its region.',
  },
  QUEUE_ACCESS_DENIED: {
    kind: 'terminal',
    message: 'receiving from {queue}: AWS refused the credentials ({found})',
    remedy:
      'Allow the AWS identity sqs:ReceiveMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility and sqs:GetQueueAttributes on the queue.',
  },
  QUEUE_CREDENTIALS_MISSING: {
    kind: 'terminal',
    message: 'receiving from {queue}: there are no AWS credentials ({found})',
    remedy:
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or set AWS_PROFILE, or run on a machine whose instance or container role provides credentials.',
  },
  QUEUE_UNREACHABLE: {
    kind: 'retryable',
    message: 'connecting to {queue}: {found}',
    remedy:
      'Check that this machine can reach SQS (including any proxy or firewall), and check `aws.endpoint` in pipelines.yaml if it is set (the sandbox of a demo only exists while `sp-reports demo --serve` runs). Then run the command again. Messages stay on the queue until then.',
  },
  NOTIFICATION_UNREADABLE: {
    kind: 'terminal',
    message: 'reading message {messageId}: {found}',
    remedy:
      'The ledger keeps the body (`sp-reports loads --status quarantined --json`). Find out who sends to the queue.',
  },
  SELLER_UNKNOWN: {
    kind: 'terminal',
    message: 'looking for seller {sellerId}: pipelines.yaml has no such seller',
    remedy: 'Add it under `sellers:` in pipelines.yaml, then run `sp-reports reload --status quarantined`.',
  },
} as const satisfies Record<string, CatalogueEntry>;
