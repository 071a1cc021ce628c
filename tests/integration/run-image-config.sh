#!/bin/sh
# run-image-config.sh - Entrypoint, Cmd, Env, User, WorkingDir and Volumes of the image are honoured.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
. "$(dirname "$0")/registry.sh"

registry_start http
push_image "$(fixture configured)" box
image=$registry/box

check() {
    output=$(k run --rm "$image")
    case $mode in
        single) groups= ;;  # the one id there is, mapped to the image's user
        *) groups=" 50 44" ;;
    esac
    output=$(echo "$output" | sed 's/ 44 50$/ 50 44/')
    same "$output" "pwd=/srv/work
user=1000:1000:1000$groups
fruit=apple home=/home/app
argument=one
argument=two words"
    same "$(k run --rm "$image" three | grep argument)" argument=three
    same "$(k run --rm --entrypoint /bin/echo "$image" just this)" "just this"
    same "$(k run --rm --entrypoint /bin/echo "$image")" ''
    ends_with 125 k run --rm --entrypoint '' "$image"
    same "$(k run --rm --entrypoint '' "$image" echo bare)" bare
    same "$(k run --rm -e FRUIT=pear -w /tmp "$image" | grep -E 'pwd|fruit')" "pwd=/tmp
fruit=pear home=/home/app"
    same "$(k run --rm --entrypoint sh "$image" -c 'echo "[${EMPTY-unset}] $PATH"')" \
        "[] /usr/local/bin:/bin"
    # A volume of the image is filled from the image and can be written by its owner.
    same "$(k run --rm --entrypoint sh "$image" -c 'cat /srv/data/seed && echo x > /srv/data/new && ls /srv/data')" \
        "planted
new
seed"
    same "$(k run --rm --read-only --entrypoint sh "$image" -c 'echo x > /srv/data/new && echo fine')" fine
}
each_mode check
