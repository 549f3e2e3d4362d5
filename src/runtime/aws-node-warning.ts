/**
 * The AWS SDK warns on every start about the Node version that a later release of it will need. The lock file says which release is used,
 * and a clean run prints no warning.
 */
export function silenceAwsNodeWarning(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
}
