# session.sh - sourced by tests on the board with systemd: pi is logged in, in a session that belongs to root.
#
#   manager WORD...   systemctl, of the system or of the user

unset KIST_ROOT KIST_STATE
as_pi() { runuser -l -w SSL_CERT_FILE -s /bin/sh -c 'exec "$@"' -- pi sh "$@"; }
manager() {
    if [ "$who" = root ]; then systemctl "$@"; else in_mode systemctl --user "$@"; fi
}
[ "$who" = root ] || group=/sys/fs/cgroup/user.slice
