import type { MailTokenRow, MailTokens } from '../auth/auth.js';

/** Links to the web app: built from configuration, never from what a request says about itself. */
export interface Links {
  /** A page, for example `sign-in`. */
  page(path: string): string;
  /**
   * A page with a one-use token, in the fragment: browsers send that to no server, so it is in no log.
   *
   * @param purpose what the token is good for; `door.mailTokens.parse` is told the same.
   */
  withToken(path: string, purpose: string, row: MailTokenRow): string;
}

/** @param webUrl where the web app is (APP_URL), with or without a path. */
export function links(webUrl: string, tokens: MailTokens): Links {
  const base = webUrl.replace(/\/+$/, '');
  const page = (path: string): string => `${base}/${path}`;
  return { page, withToken: (path, purpose, row) => `${page(path)}#token=${tokens.make(purpose, row)}` };
}
