import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import '@graphiql/plugin-explorer/style.css';
import './explorer.css';
import { explorerPlugin } from '@graphiql/plugin-explorer';
import { GraphiQL, HISTORY_PLUGIN, type GraphiQLProps } from 'graphiql';
import { StrictMode, useEffect, useState, type ReactElement } from 'react';
import { createRoot } from 'react-dom/client';
import { EXAMPLES } from './examples';
import { resume, send, signOut, type Answer, type Member, type Question } from './session';
import { readSettings, type Settings } from './settings';
import { SignIn } from './sign-in';

const plugins = [HISTORY_PLUGIN, explorerPlugin()];
const tabs = EXAMPLES.map(({ query, variables }) => ({ query, variables: variables ?? null, headers: null }));

/** Null: nobody is signed in. A visitor looks around without. */
type Who = Member | 'visitor' | null;

function Explorer(): ReactElement {
  const [settings, setSettings] = useState<Settings | null>(null);
  const [who, setWho] = useState<Who>(null);
  useEffect(() => {
    void Promise.all([readSettings(), resume()]).then(([read, member]) => {
      setWho(member);
      setSettings(read);
    });
  }, []);
  if (!settings) return <p className="waiting">One moment …</p>;
  if (!who) return <SignIn settings={settings} onSignedIn={setWho} onLookAround={() => setWho('visitor')} />;
  // Another member may see another schema: everything is made anew.
  return <Workbench key={who === 'visitor' ? who : who.email} who={who} leave={() => setWho(null)} />;
}

function Workbench({ who, leave }: { who: Member | 'visitor'; leave: () => void }): ReactElement {
  const [price, setPrice] = useState<string | null>(null);
  const fetcher = async (question: Question): Promise<Answer> => {
    const answer = await send(question);
    if (question.operationName !== 'IntrospectionQuery') setPrice(priceOf(answer));
    return answer;
  };
  return (
    <>
      <header className="who">
        <strong>Pulse CRM</strong>
        {who === 'visitor' ? (
          <span>Not signed in</span>
        ) : (
          <span>
            {who.displayName} · {who.role} · {who.organization.name}
          </span>
        )}
        {price && <output aria-label="Price of the last run">{price}</output>}
        <button
          type="button"
          onClick={() => {
            if (who === 'visitor') leave();
            else void signOut().then(leave);
          }}
        >
          {who === 'visitor' ? 'Sign in' : 'Sign out'}
        </button>
      </header>
      <GraphiQL
        fetcher={fetcher as GraphiQLProps['fetcher']}
        plugins={plugins}
        defaultTabs={tabs}
        isHeadersEditorEnabled={false}
        shouldPersistHeaders={false}
      >
        <GraphiQL.Logo>
          <span />
        </GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}

interface Cost {
  requested: number;
  actual: number;
  /** Null for a visitor, who has no budget. */
  remaining: number | null;
}

function priceOf({ extensions }: Answer): string | null {
  const cost = extensions?.['cost'] as Cost | undefined;
  if (!cost) return null;
  return `Price ${cost.actual} of at most ${cost.requested}${cost.remaining === null ? '' : `; ${cost.remaining} left`}`;
}

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Explorer />
    </StrictMode>,
  );
}
