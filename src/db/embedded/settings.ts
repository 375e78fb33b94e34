import { HOST } from './port.js';

/** The log takes the server's own events, not failed statements: those hold people's data. */
const OURS = {
  max_connections: '200',
  shared_buffers: '256MB',
  jit: 'off',
  wal_compression: 'on',
  random_page_cost: '1.1',
  log_min_messages: 'log',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** The server's command line: our settings, the caller's over them, and what may not be changed over both. */
export function serverArguments(data: string, port: number, settings: Record<string, string> = {}): string[] {
  const fixed = { listen_addresses: HOST, unix_socket_directories: '', port: String(port), logging_collector: 'off' };
  const flags = Object.entries({ ...OURS, ...settings, ...fixed }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', data, ...flags];
}
