/** Turns codes of failures of hosts, files and steps into an example of each. */

export const EXAMPLES_RUN = `
CONFIG_UNREADABLE · /etc/systemd/system/etcd.service.d/50-peershift.conf on 10.0.0.2
  would  put the command line of m2 back
  but    there is no such file
  so     what stood there before is not known; nothing was changed
  do     take the drop-in of peershift away by hand if there was none before (systemctl cat etcd)

HOST_UNREACHABLE · host root@10.0.0.2
  would  read /etc/default/etcd
  but    sshd at 10.0.0.2 opens no session on a connection that is logged in
  so     nothing was done there
  do     see MaxSessions (1 or more) and the log of sshd on that host

HOST_LOST · step 9 of 23
  would  restart m2
  but    the connection to root@10.0.0.2 broke while the command ran
  so     whether it was done is not known
  do     see that ssh to root@10.0.0.2 works, then run peershift again: it looks before it acts

LOG_LINES_LOST · the log file /var/log/etcd.log on 10.0.0.2
  would  read what etcd logged since the last look
  but    it was cut to 0 bytes while it was read: lines may be missing
  so     the log cannot speak for or against a step
  do     peershift resume reads on from the end of the log; while a run is at work, rotate logs
         without compressing them

HOST_COMMAND_FAILED · etcd.service on 10.0.0.2
  would  let systemd read the changed unit (systemctl daemon-reload)
  but    it exited with 1: Failed to reload daemon: Access denied
  so     the new settings are on disk and have no effect yet
  do     run systemctl daemon-reload by hand on the host and see what it says

HOST_FILE_FAILED · step 8 of 23
  would  hold /etc/default/peershift.lock on 10.0.0.2 while something is changed there
  but    no space is left on the device (ENOSPC)
  so     whether another run is active there is not known; the step was not begun
  do     make the folder of /etc/default/peershift.lock writable, then peershift resume

HOST_KEY_UNKNOWN · host root@10.0.0.2
  would  read /etc/default/etcd
  but    10.0.0.2 is in no known_hosts file; it shows ssh-ed25519 SHA256:Yk2m...4Q8
  so     nothing was sent there
  do     compare with "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub" on its console; then log in
         once with ssh, or say --accept-new-host-keys to pin it

HOST_KEY_CHANGED · host root@10.0.0.2
  would  read /etc/default/etcd
  but    10.0.0.2 showed another key than the known one: now ssh-ed25519 SHA256:Yk2m...4Q8; known
         ssh-ed25519 SHA256:b7Tz...9xE
  so     nothing was sent there
  do     ask who runs the host whether its key was renewed; if so, ssh-keygen -R '10.0.0.2' and add
         the new one (one pinned by peershift stands in known_hosts of the state folder)

HOST_LOGIN_REFUSED · host root@10.0.0.2
  would  read /etc/default/etcd
  but    there is no key, agent or password to log in as root with
  so     nothing was sent there
  do     set host.identityFile, host.agent or host.password in the plan file, or make
         ~/.ssh/id_ed25519

SSH_CONFIG_UNSUPPORTED · host root@10.0.0.2
  would  read /etc/default/etcd
  but    ~/.ssh/config says ProxyCommand nc %h %p, which peershift does not do
  so     nothing was sent there
  do     say it another way for this host (ProxyJump, host.jump or a plain key), in a Host block of
         its own

SUDO_REFUSED · host ops@10.0.0.2
  would  write /etc/default/etcd
  but    the environment variable PEERSHIFT_SUDO, for the password of sudo, is not set
  so     nothing was sent there
  do     set PEERSHIFT_SUDO for this command

SERVICE_UNKNOWN · member m2 on 10.0.0.2
  would  stop m2
  but    its state is not known
  so     the unit was left as it is
  do     look at systemctl status etcd.service

STATE_UNWRITABLE · /srv/.peershift/etcd
  would  keep the records of runs there
  but    permission denied (EACCES)
  so     nothing was changed: without records no run could be resumed or rolled back
  do     make the folder writable and make room on its disk, or choose another with --state

OUTPUT_UNWRITABLE · /srv/rollout.json
  would  save the rollout
  but    it is there already
  so     nothing was written
  do     name another file, or move that one away

JOURNAL_INVALID · /srv/.peershift/etcd/20261122-142255-7d3238/journal.jsonl
  would  read what the run has done
  but    it is written in format version 3, and this peershift reads 2
  so     what it means is not guessed at; nothing has been changed
  do     go on with the peershift that wrote it, or a newer one; peershift status shows the cluster
         itself

BACKUP_FAILED · the saved snapshot, on this machine
  would  restore it into a scratch member, to see that it can be
  but    etcdutl snapshot restore exited with 1: expected sha256 does not match
  so     a backup that cannot be restored is none; nothing was changed in the cluster
  do     mend what is named above, or save and restore one by other means and write backup: false;
         then run peershift again

HOOK_FAILED · hooks.beforeStep of the plan file
  would  go on after /usr/local/bin/may-we
  but    it exited with 1: change freeze
  so     the run stops at this safe point; what was done stands
  do     see to what the hook has found, then peershift resume (or peershift rollback)

LOCK_LOST · before step 10 of 23
  would  go on with the run
  but    the lock key in the cluster no longer has our create revision, or no member answers about it
  so     another run may be active; nothing more is changed
  do     peershift status shows the cluster; peershift resume goes on when it is free

STALE_WORLD · before step 10 of 23
  would  write 5 settings of m2
  but    ETCD_PEER_CERT_FILE of m3 is /etc/etcd/old.pem, not /etc/etcd/pki/peer.pem as we left it
  so     somebody or something else edits what this run rests on; the step was not begun
  do     find out who (configuration management?) before going on

CONFIG_CHANGED · etcd.service on 10.0.0.2
  would  write 8 settings of m2
  but    unit, drop-ins and environment files together are 9f2c41d0, not 77b0e3aa as when they were
         last seen
  so     somebody else changes how this service is started; everything was left as it is now
  do     find out who (systemctl cat, configuration management?), pause that, then run peershift again

NOT_VERIFIED · at the end of what needs no API
  would  verify health and data, and bring the member list back
  but    data and health not verified: no member answers on its client URL
  so     the listeners of the start are back, every process is up and every peer port answers from
         every host; both URLs are still advertised
  do     when the API answers again: peershift rollback finishes and verifies

GATE_FAILED · gate after step 12 of 24
  would  rest on: restart m2
  but    m2 to m1: not reached by fresh probes, predicted good; m2 has not loaded the CA of m1's leaf
  so     the change just made is at fault; going on could cost quorum at the last member while every
         health check stays green
  do     mend the cause named above before the next attempt

GATE_TIMED_OUT · gate after step 9 of 23
  would  rest on: restart m1
  but    after 60 s it still waits for m3 to be healthy: 2/3 healthy, one leader, term 2
  so     the trouble is not of this run; nothing more is touched while it lasts
  do     when it is over: peershift resume (or peershift rollback)

CLIENTS_STILL_PLAIN · gate after step 12 of 20
  would  close http on the client ports
  but    it still waits for 2 clients to move to https (m1: 10.0.0.7:51234; m3: 10.0.0.9:40112, idle
         and of unknown kind)
  so     every member serves http and https, and goes on doing so; nobody is turned away
  do     move those clients to the https URLs, then peershift resume; connections that stay idle pass
         with accept: [idle-clients]

STEP_FAILED · step 10 of 24
  would  hand leadership from m2 to m3
  but    m3 does not lead after 10 s
  so     the cluster keeps a leader of its own choice; no member was restarted
  do     peershift resume looks again and plans from the leader that is there

START_FAILED · step 9 of 23
  would  have m1 back after its restart
  but    no process runs; its log says: open /etc/etcd/pki/peer-key.pem: permission denied
  so     m1 is down or cut off; the others keep quorum
  do     see the log of m1; peershift rollback puts its original settings back

UPDATE_UNCERTAIN · step 7 of 23
  would  advertise https://10.0.0.1:2380 for m1
  but    no answer within 5 s
  so     what the list says now is read again before anything else is done
  do     peershift status shows the list; peershift resume goes on from what is there

RESTORE_REFUSED · rescue --restore-from
  would  make a new cluster from the database of one member
  but    m2 cannot be seen: whether it runs: sshd at 10.0.0.2 does not answer
  so     nothing was changed
  do     make its host reachable

V2_KEYS_PRESENT · /var/lib/etcd/default on root@10.0.0.1
  would  make a new cluster from the database of one member
  but    keys of the v2 API stand in the data of m1, or were written lately
  so     a database does not carry them, so they would be lost; nothing was changed
  do     see what there is: start this one member alone on a copy of its data with
         --force-new-cluster and --enable-v2, and read /v2/keys?recursive=true; carry it over by
         hand, then go by the procedure of peershift rescue

RESTORE_FAILED · /var/lib/etcd/default on root@10.0.0.2
  would  make a member's data anew from the database of another
  but    a command there exited with 1: No space left on device
  so     all members are stopped; what they had stands in their folders, or beside as
         member.before-peershift-RUN
  do     mend what is named above, then the same peershift rescue again: it goes on from there

LOAD_TOO_HIGH · before step 9 of 23
  would  restart m1
  but    load of the cluster: waiting for m2's disk: 99 of 100 fsyncs within 128 ms, at most 50 ms
         wanted
  so     a restart under such load costs clients more than it has to; the step was not begun
  do     peershift resume when it is calmer, or raise gates.maxFsync and gates.maxPending

DEADMAN_FAILED · member m2 on 10.0.0.2
  would  disarm the dead-man of m2
  but    the host does not answer
  so     it counts as armed while /etc/default/etcd.peershift-deadman is there: m2 may get its
         settings of before back by itself
  do     look at /etc/default/etcd.peershift-deadman on 10.0.0.2 (to call it off by hand, remove it),
         then peershift resume

DEADMAN_FIRED · before step 10 of 23
  would  rest on m1 as it was about to be
  but    m1: its dead-man went off at 03:12:44, 120 s after it was armed
  so     m1 speaks http again, with leaf and trust kept
  do     find out what took so long (gates.deadman may be too short for it), then peershift resume
         goes on from what is there, peershift rollback goes back

INTERRUPTED · the run
  would  go on with step 10 of 23
  but    Ctrl-C, q or a signal asked it to stop
  so     the step in hand and its group are finished, the lock is free, and nothing more is touched
  do     peershift resume goes on, peershift rollback goes back

ETCD_NOT_FOUND · this machine
  would  find an etcd binary by --etcd, $PEERSHIFT_ETCD, PATH and the cache, or fetch one
  but    none was found, and no package archive of Debian could be reached
  so     nothing was started
  do     install etcd with this machine's package manager, or name a binary with --etcd PATH

LAB_FAILED · /srv/peershift-lab
  would  leave no process of the lab behind
  but    something that the lab's own scripts did not start still listens on 127.46.0.11:2380
  so     the processes that the lab started are stopped; that one and the folder were left alone
  do     find it with ss -ltnp, and end it if it is yours

LOG_UNREADABLE · m1.log
  would  read the log
  but    permission denied (EACCES)
  so     nothing is said of logs that were not read to their end
  do     make the file readable, or pipe it: journalctl -u etcd -o export | peershift explain -
`;
