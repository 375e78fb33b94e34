export { createBackup, type BackupSettings } from './create.js';
export { readManifest, type Manifest } from './manifest.js';
export { hasSecretOf, restoreBackup, type RestoreSettings } from './restore.js';
export { openSource } from './source.js';
