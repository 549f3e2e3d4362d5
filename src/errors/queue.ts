import type { CatalogueEntry } from './entry.js';

/** Of the queue and notifications. */
export const queueErrors = {
  QUEUE_NOT_FOUND: {
    kind: 'terminal',
    message: 'receiving from {queue}: there is no such queue',
    remedy: 'Check `queue` in pipelines.yaml against the URL the AWS console shows, region included.',
  },
  QUEUE_ACCESS_DENIED: {
    kind: 'terminal',
    message: 'receiving from {queue}: AWS refused the credentials ({found})',
    remedy:
      'Give the AWS identity sqs:ReceiveMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility and sqs:GetQueueAttributes on the queue.',
  },
  QUEUE_CREDENTIALS_MISSING: {
    kind: 'terminal',
    message: 'receiving from {queue}: there are no AWS credentials ({found})',
    remedy:
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where an instance or container role gives them.',
  },
  QUEUE_UNREACHABLE: {
    kind: 'retryable',
    message: 'talking to {queue}: {found}',
    remedy:
      'Check that this machine reaches SQS, proxy and firewall included, and `aws.endpoint` in pipelines.yaml where it is set (the sandbox of a demo is there while `sp-reports demo --serve` runs); then run it again. Messages stay on the queue meanwhile.',
  },
  NOTIFICATION_UNREADABLE: {
    kind: 'terminal',
    message: 'reading message {messageId}: {found}',
    remedy:
      'The body is kept in the ledger (`sp-reports loads --status quarantined --json`); see who sends to the queue.',
  },
  SELLER_UNKNOWN: {
    kind: 'terminal',
    message: 'looking for seller {sellerId}: pipelines.yaml has no such seller',
    remedy: 'Add it under `sellers:` in pipelines.yaml, then run `sp-reports reload --status quarantined`.',
  },
} as const satisfies Record<string, CatalogueEntry>;
