/** Turns a lab of local processes into one whose members are reached by ssh, each through an sshd of its own. */

import type { Lab } from '../../src/lab/lab-folder.ts';
import { type Rig, type RigOptions, startRig } from './lab-rig.ts';
import { SshHome, Sshd } from './sshd.ts';

const SSH_PORT = 2262;

export interface SshRig {
  readonly rig: Rig;
  /** By member name. */
  readonly sshd: ReadonlyMap<string, Sshd>;
  readonly home: SshHome;
}

/** The plan says `via: ssh`: nothing but ssh is dialled from this machine. */
export async function startSshRig(options: RigOptions = {}): Promise<SshRig> {
  const home = new SshHome();
  const rig = await startRig({
    ...options,
    install: () => ({ environment: { HOME: home.folder } }),
    plan: (text, lab) => {
      const remote = sshText(text, lab, home);
      return options.plan === undefined ? remote : options.plan(remote, lab);
    },
  });
  const sshd = new Map<string, Sshd>();
  rig.alsoEnd(async () => {
    for (const each of sshd.values()) await each.end();
    home.remove();
  });
  for (const { name, address } of rig.lab.members) {
    const each = new Sshd(address, SSH_PORT);
    each.allow(`${home.key}.pub`);
    sshd.set(name, await each.start());
    home.trust(each);
  }
  return { rig, sshd, home };
}

function sshText(text: string, lab: Lab, home: SshHome): string {
  let remote = text.replace('cluster:\n', 'cluster:\n  via: ssh\n');
  for (const { address } of lab.members) {
    const login = `user: root, port: ${String(SSH_PORT)}, identityFile: ${home.key}`;
    const host = `host: { transport: ssh, address: ${address}, ${login} }`;
    remote = remote.replace('host: { transport: local }', host);
  }
  return remote;
}
