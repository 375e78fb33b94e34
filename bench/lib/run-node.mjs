import { spawn } from 'node:child_process';

/** Runs a script to its end with nothing but the given environment. @throws Error when it fails; its output was shown. */
export function runNode(node, args, environment, cwd) {
  const child = spawn(node, args, { cwd, env: { ...kept(), ...environment }, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${args.join(' ')} ended with code ${code}.`))));
  });
}

/** What programs need of the terminal's environment; the rest could change what is measured. */
export function kept() {
  return Object.fromEntries(
    ['PATH', 'HOME', 'TMPDIR', 'LANG'].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
}
