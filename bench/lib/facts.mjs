// What of each organization is asked about: the functions that PostGraphile's users would write, and ids and words of the set.
import { withClient } from './database.mjs';
import { sameWork } from './same-work.mjs';

const FACTS = `
  WITH line AS (SELECT id FROM public.pipelines WHERE org_id = $1 AND is_default AND deleted_at IS NULL LIMIT 1)
  SELECT (SELECT id FROM line) AS pipeline,
         ARRAY(SELECT id FROM public.deals WHERE org_id = $1 AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 10) AS deals,
         ARRAY(SELECT id FROM public.deals WHERE org_id = $1 AND owner_id = $2 AND deleted_at IS NULL AND status = 'OPEN' AND pipeline_id = (SELECT id FROM line)
                ORDER BY created_at, id LIMIT 20) AS moving,
         ARRAY(SELECT id FROM public.pipeline_stages WHERE org_id = $1 AND pipeline_id = (SELECT id FROM line) ORDER BY place LIMIT 2) AS stages,
         ARRAY(SELECT last_name FROM public.contacts WHERE org_id = $1 AND deleted_at IS NULL AND last_name ~ '^[a-zA-Z]{5,}$'
                ORDER BY created_at DESC, id DESC LIMIT 5) AS texts`;

/** The database's members, each with the facts of its organization. */
export async function factsOf({ urls, members }) {
  return withClient(urls.owner, async (client) => {
    await client.query(sameWork());
    const found = [];
    for (const member of members) found.push({ ...member, facts: (await client.query(FACTS, [member.org, member.sub])).rows[0] });
    return found;
  });
}
