#!/bin/sh
# run-caller.sh - whatever state the caller leaves us in, the exit code comes back and nothing hangs.
. "$(dirname "$0")/box.sh"

ignoring_children() {  # COMMAND...: started with SIGCHLD ignored, as some daemons and perl scripts do
    $python -c 'import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])' "$@"
}

# The terminal goes away under a shell that waits for input: kist ends, and the container goes on.
lost_terminal() {
    $python -c 'import os, pty, sys, time
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
while b"ready" not in seen:
    seen += os.read(terminal, 4096)
os.close(terminal)
for _ in range(200):
    if os.waitpid(child, os.WNOHANG)[0]:
        sys.exit(0)
    time.sleep(0.05)
sys.exit("kist goes on without its terminal")' "$@"
}

"$kist" pull -q "$image" > /dev/null
ends_with 3 ignoring_children "$kist" run --rm "$image" sh -c 'exit 3'
ends_with 4 ignoring_children "$kist" run --rm --init "$image" sh -c 'exit 4'
ends_with 5 sh -c "'$kist' run --rm $image sh -c 'echo lost; exit 5' >&- 2>&-"
ends_with 6 sh -c "'$kist' run --rm -i $image sh -c 'cat; exit 6' <&-"
lost_terminal "$kist" run --rm -it "$image" sh -c 'echo re""ady; exec sh'
same "$("$kist" ps -q | wc -l)" 1
"$kist" rm -f $("$kist" ps -q) > /dev/null
same "$("$kist" ps -aq)" ""
