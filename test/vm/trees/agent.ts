/**
 * The driver's hand in the machine: on the second serial line it greets once for each boot, and then runs what it is asked to.
 * Standard input and output are that line; `agent-line.ts` is the other side.
 */
export const AGENT = `#!/bin/sh
export HOME=/root
# A canonical terminal would cut lines at 4095 bytes.
stty raw -echo
mode=unknown
for one in live active passive recovery; do
  if [ -e "/run/cos/\${one}_mode" ]; then mode=$one; fi
done
version=$(. /etc/os-release && echo "$VERSION_ID")
printf 'AGENT-READY %s %s %s\\n' "$mode" "$version" "$(cat /proc/sys/kernel/random/boot_id)"
while read -r word id payload; do
  [ "$word" = RUN ] || continue
  set --
  for part in $payload; do
    case $part in
      -) set -- "$@" '' ;;
      *) set -- "$@" "$(printf %s "$part" | base64 -d)" ;;
    esac
  done
  "$@" </dev/null >/run/vm-agent.out 2>&1
  code=$?
  printf 'BEGIN %s\\n' "$id"
  base64 /run/vm-agent.out
  printf 'END %s %s\\n' "$id" "$code"
done
`;

/** Where a tree keeps it. */
export const AGENT_PATH = 'usr/libexec/vm-agent';
