/**
 * Silences the warning of the AWS SDK about the Node version that a later release will need. The
 * lock file pins the release, and a clean run prints no warning.
 */
export function silenceAwsNodeWarning(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
}
