/** What the server tells the explorer about itself (src/http/explorer.ts). */
export interface Settings {
  /** Whether a visitor may read the schema. */
  openSchema: boolean;
  /** Demo logins, where there are any. */
  demo: { password: string; organizations: { domain: string; people: string[] }[] } | null;
}

export async function readSettings(): Promise<Settings> {
  const response = await fetch('/graphiql/settings.json');
  return (await response.json()) as Settings;
}
