#!/bin/sh
# boot-user.sh - root boots a user's containers: ids without newuidmap, which the user's own commands find.

# A /run and an /etc of our own: nothing of the machine is changed.
if [ "$(id -u)" = 0 ] && [ -z "${KIST_PRIVATE:-}" ]; then
    export KIST_PRIVATE=1
    exec unshare --mount --propagation private sh -c 'mount -t tmpfs -o mode=755 run /run; exec "$0" "$@"' "$0" "$@"
fi
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
. "$(dirname "$0")/registry.sh"
need_root

registry_start http
push_image "$(fixture busybox)" box
image=$registry/box

mode=single
mode_works || skip "no user namespaces"
user_prepare single
for file in passwd group subuid subgid; do
    mount --bind "$work/single/etc/$file" "/etc/$file"
done
for tool in newuidmap newgidmap; do
    [ ! -e /usr/bin/$tool ] || mount --bind "$work/single/etc/empty" /usr/bin/$tool
done
unset KIST_ROOT KIST_STATE DOCKER_CONFIG
# As a login would start it.
u() { env -i PATH="$PATH" HOME="$work/single/home" XDG_RUNTIME_DIR=/run/user/$user_id \
    setpriv --reuid $user_id --regid $user_id --clear-groups "$kist" "$@"; }
first=$((100000 + (user_id - 1000) * 65536))

ends_with 1 "$kist" boot --user nobody-has-this-name
has "$output" 'there is no user "nobody-has-this-name"'
ends_with 1 "$kist" boot --user root
ends_with 1 u boot --user kisttest
has "$output" "only root"

# A root file system that cannot be written: the ids follow from the uid.
mount -o remount,bind,ro /etc/subuid
"$kist" boot --user kisttest
mount -o remount,bind,rw /etc/subuid
same "$(cat /etc/subuid)" ''
same "$(stat -c '%u %a' /run/user/$user_id)" "$user_id 700"
same "$(stat -c '%u' /run/kist-users/$user_id)" 0
has "$(u info)" "subuid $user_id:1,$first:65536"
same "$(cat /etc/subgid)" "kisttest:$first:65536"
u pull -q "$image" > /dev/null
# These need more than one id.
same "$(u run --rm -u app "$image" id -u)" 1000
same "$(u run --rm "$image" sh -c 'touch /f; chown 1234:1234 /f; stat -c %u:%g /f')" 1234:1234

# A container that is to run comes up with the ids, and goes with the shutdown.
u create --name web --restart always "$image" sh -c "trap 'exit 0' TERM; sleep 100000 & wait" > /dev/null
"$kist" boot --user kisttest
same "$(u ps --format '{{.Names}}')" web
"$kist" shutdown --user kisttest
same "$(u ps -q)" ''

# The namespace stays without any process of it, and is the same one, as the files on the disk show.
same "$(u run --rm -u app "$image" id -u)" 1000
# Now /etc/subuid can be written, and gets what was used.
"$kist" boot --user kisttest
same "$(cat /etc/subuid)" "kisttest:$first:65536"
same "$(u ps --format '{{.Names}}')" web
u rm -f web > /dev/null

# What the user could put in the way is not believed.
umount /run/kist-users/$user_id/namespace
chown -R $user_id /run/kist-users/$user_id
has "$(u --root "$work/single/home/other" info 2>&1)" "single $user_id"
umount /run/kist-users/*/namespace 2> /dev/null || :
