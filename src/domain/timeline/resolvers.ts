import type { Reader } from '../../db/index.js';
import type { Resolvers, ResolversTypes } from '../../generated/graphql.js';
import { activityOf, changesOf, timelineOf, type Entry } from './timeline.js';

export const timelineResolvers: Resolvers = {
  Contact: { timeline: (contact, args, { reader }) => timelineOf(reader, 'contacts', contact, args) },
  Company: { timeline: (company, args, { reader }) => timelineOf(reader, 'companies', company, args) },
  Deal: { timeline: (deal, args, { reader }) => timelineOf(reader, 'deals', deal, args) },
  TimelineEntry: { __resolveType: (entry) => entry.__typename },
  ActivityEntry: {
    actor: (entry, _, { reader }) => actorOf(reader, entry),
    activity: (entry, _, { reader }) =>
      activityOf(reader, entry) as Promise<unknown> as Promise<Awaited<ResolversTypes['Activity']>>,
  },
  ChangeEntry: {
    actor: (entry, _, { reader }) => actorOf(reader, entry),
    action: ({ row }) => row.action ?? '',
    version: ({ row }) => row.version ?? 0,
    changedFields: ({ row }) => row.fields ?? [],
    changes: (entry, _, { reader }) => changesOf(reader, entry),
  },
};

type User = Awaited<ResolversTypes['User']>;

async function actorOf(reader: Reader, { row }: Entry): Promise<User | null> {
  return row.userId ? ((await reader.find('users', row.userId)) as User | null) : null;
}
