// How much a stranger's file may ask of us; the numbers are those of the command.

export const MAX_FILE_BYTES = 128 * 1024 * 1024;
export const MAX_AUDIT_BYTES = 96 * 1024 * 1024;
export const MAX_SIGNATURES = 20;
export const MAX_ATTACHMENTS = 200;
export const MAX_ENTRY_BYTES = 60000;
export const MAX_XREF_BYTES = 64 * 1024 * 1024;
