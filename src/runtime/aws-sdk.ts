import { keepPassingSecret } from '../errors/secrets.js';

/** How a client of the AWS SDK finds its credentials. */
type Credentials = () => Promise<{ secretAccessKey: string; sessionToken?: string | undefined }>;

/**
 * Registers the credentials that a call is signed with, wherever the SDK finds them. Never rejects.
 */
export async function keepAwsSecrets(credentials: Credentials): Promise<void> {
  // The call itself reports missing ones.
  const found = await credentials().catch(() => undefined);
  keepPassingSecret(found?.secretAccessKey);
  keepPassingSecret(found?.sessionToken);
}

/**
 * Silences the warning of the AWS SDK about the Node version that a later release will need. The
 * lock file pins the release, and a clean run prints no warning.
 */
export function silenceAwsNodeWarning(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
}
