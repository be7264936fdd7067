/** Turns a lab into the text of a plan file for it, with comments for somebody who sees one first. */

import { join } from 'node:path';
import type { Lab, LabMember } from './lab-folder.ts';
import { yamlText } from './quoting.ts';

/** A dialer on loopback is seen with this address, whichever address it listens on. */
const LOOPBACK_SOURCE = '127.0.0.1';

/** `schemaUrl` tells editors where the plan file's JSON Schema is; undefined when it is not installed. */
export function planText(lab: Lab, schemaUrl: string | undefined): string {
  const schema = schemaUrl === undefined ? '' : `# yaml-language-server: $schema=${schemaUrl}\n`;
  const endpoints = lab.members.map((member) => `    - ${member.endpoint}`).join('\n');
  return `${schema}# A plan file for the lab in this folder. See what peershift would do, then let it:
#
#   peershift preview plan.yaml    the ordered steps and the proof; changes nothing
#   peershift run plan.yaml        preview, ask, execute
#   peershift verify plan.yaml     is every peer link mutual TLS?
version: 1
name: lab

# The order of the change: documented, dual-url, dual-listener, trust-first, fewest-restarts.
strategy: documented

cluster:
  endpoints:
${endpoints}

# peershift makes a CA and one certificate for each member here, beside this file.
pki:
  mode: issue
  directory: ./pki

# Anything not written here is discovered from the cluster or has a default.
members:
${lab.members.map(memberText).join('\n')}`;
}

function memberText(member: LabMember): string {
  const file = (name: string): string => yamlText(join(member.folder, name));
  return `  - name: ${member.name}
    host: { transport: local }
    service:
      manager: command
      start: [sh, ${file('start.sh')}]
      stop: [sh, ${file('stop.sh')}]
      status: [sh, ${file('status.sh')}]
      logs: { file: ${file('etcd.log')} }
    config: { format: env-file, path: ${file('etcd.env')} }
    tls: { directory: ${file('pki')} }
    # The certificate must name the address this member dials from: on loopback that is one for all.
    sourceAddresses: [${LOOPBACK_SOURCE}]
`;
}
