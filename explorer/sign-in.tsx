import { useState, type FormEvent, type ReactElement } from 'react';
import { signIn, type Member } from './session';
import type { Settings } from './settings';

interface SignInProps {
  settings: Settings;
  onSignedIn: (member: Member) => void;
  /** Shows the schema to a visitor, where the server does. */
  onLookAround: () => void;
}

export function SignIn({ settings, onSignedIn, onLookAround }: SignInProps): ReactElement {
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const enter = async (email: string, password: string): Promise<void> => {
    setBusy(true);
    setFault(null);
    try {
      onSignedIn(await signIn(email, password));
    } catch (error) {
      setFault((error as Error).message);
      setBusy(false);
    }
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    void enter(String(form.get('email')), String(form.get('password')));
  };
  return (
    <main className="sign-in">
      <form onSubmit={submit}>
        <h1>Pulse CRM</h1>
        <p>Sign in to explore your organization’s graph.</p>
        <label>
          E-mail
          <input name="email" type="email" autoComplete="username" required autoFocus />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        <button type="submit" disabled={busy}>
          {busy ? 'Signing in …' : 'Sign in'}
        </button>
        {fault && (
          <p role="alert" className="fault">
            {fault}
          </p>
        )}
      </form>
      {settings.demo && <DemoLogins demo={settings.demo} busy={busy} enter={(email, password) => void enter(email, password)} />}
      {settings.openSchema && (
        <button type="button" className="plain" onClick={onLookAround}>
          Look at the schema without signing in
        </button>
      )}
    </main>
  );
}

interface DemoLoginsProps {
  demo: NonNullable<Settings['demo']>;
  busy: boolean;
  enter: (email: string, password: string) => void;
}

function DemoLogins({ demo, busy, enter }: DemoLoginsProps): ReactElement {
  return (
    <section aria-label="Demo logins">
      <h2>Demo logins</h2>
      {demo.organizations.map(({ domain, people }) => (
        <p key={domain}>
          <span>{domain}</span>
          {people.map((name) => (
            <button key={name} type="button" disabled={busy} onClick={() => enter(`${name}@${domain}`, demo.password)}>
              {name}
            </button>
          ))}
        </p>
      ))}
    </section>
  );
}
