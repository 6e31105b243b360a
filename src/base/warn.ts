/** Emits a warning of this package, for what nobody would otherwise learn of. */
export function warn(message: string): void {
  process.emitWarning(message, 'FacebookAttachmentCacheWarning');
}
