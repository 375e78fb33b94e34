import type { Stage } from './app.js';

/** The token in the link of the newest mail to an address, after the jobs that are due. */
export async function linkFor(stage: Stage, address: string): Promise<{ mail: string; token: string | null; text: string }> {
  const mails = (await stage.mails()).filter((each) => each.to === address);
  const last = mails.at(-1);
  if (!last) throw new Error(`Nothing was sent to ${address}.`);
  return { mail: last.mail, token: /#token=(.+)$/.exec(last.link ?? '')?.[1] ?? null, text: last.text };
}
