import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from './app.js';
import type { Config } from './config.js';

/** Something that was started and can be ended. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** Opens the door. @returns where. @throws Error a sentence for what a person can mend. */
export async function listen(app: App, { PORT: port, HOST: host }: Pick<Config, 'PORT' | 'HOST'>): Promise<string> {
  const url = await app.http.listen({ port, host }).catch((error: unknown) => {
    throw listenFailure(error, port);
  });
  return url.replace('[::1]', 'localhost').replace('127.0.0.1', 'localhost');
}

/** Refuses what is new, lets what runs finish. @param drainMs for load balancers to notice first. */
export async function stopServing(app: App, drainMs: number, jobs: Stoppable | null = null): Promise<void> {
  app.beginClosing();
  if (app.http.server.listening) await sleep(drainMs);
  await Promise.all([app.http.close(), jobs?.stop()]);
  await app.close();
}

function listenFailure(error: unknown, port: number): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  if (error.code === 'EADDRINUSE')
    return new Error(`Port ${port} is taken. Stop what uses it, or choose another: PORT=${port + 1} npm start`);
  if (error.code === 'EACCES')
    return new Error(`This user may not listen on port ${port}. Choose one above 1023: PORT=4000 npm start`);
  return error;
}
