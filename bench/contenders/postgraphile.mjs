// PostGraphile over the same database, as the role that Pulse serves requests with. It reads the tables under row-level
// security, as its users do; the same over Pulse's views, with smart tags for their keys, was not faster.
import { createServer } from 'node:http';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { callerOf } from '../lib/tokens.mjs';
import { POOL_SIZE } from '../settings.mjs';

const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [
    makePgService({ connectionString: process.env.APP_URL, schemas: ['public', 'bench'], poolConfig: { max: POOL_SIZE } }),
  ],
  // The answer leaves as text rather than as objects that are then turned into text: its own faster way.
  grafserv: { graphiql: false, watch: false, outputDataAsString: true },
  grafast: {
    context: ({ node }) => {
      const { org, user } = callerOf(node.req);
      return { pgSettings: { 'app.org_id': org, 'app.user_id': user } };
    },
  },
};

const server = createServer();
await postgraphile(preset).createServ(grafserv).addTo(server);
server.listen(Number(process.env.PORT), '127.0.0.1');
